"""What a plain installation is enough for."""

from __future__ import annotations

import os
import platform
import subprocess
import sys

import pytest

import wam_widgets as wam

# In one interpreter: starting it takes longer than all it does.
CODE = """
import resource, socket, sys

def refuse(*arguments, **keywords):
    raise AssertionError("the network was used")

class Never:
    def find_spec(self, name, path=None, target=None):
        # No ImportError: nothing may try, not even to go on without.
        extras = ("cloudpickle", "distributed", "filelock", "librosa", "pandas", "pyarrow")
        assert name not in (*extras, "soundfile", "soxr", "xarray"), f"{name} was imported"

socket.socket.connect = socket.getaddrinfo = refuse
sys.meta_path.insert(0, Never())
for name in ("nibabel", "scipy", "skimage"):
    sys.modules[name] = None

import torch
import wam_widgets as wam
from wam_widgets.classifier import Classifier

def asked_for():
    pages = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    before = pages()
    activations = [torch.ones(3_000_000) for _ in range(3)]
    del activations
    return pages() - before

# Before anything else: what the C library has learnt, it never forgets.
asked_for()
before = asked_for()
Classifier(torch.relu)
asked_for()
print(before, asked_for())

wam.audio, wam.front_ends, wam.separation, wam.volume
import wam_widgets.studies.store

from wam_widgets.examples import audio, image, volume
assert image("crops").input.shape == (3, 1, 128, 128)
assert image().truth is not None
assert audio("events").input.shape == (6, 1, 32000)
assert audio(model="waveform").events
assert volume("solids").input.shape == (8, 1, 36, 36, 36)
assert volume().truth is not None
"""


@pytest.fixture(scope="module")
def printed() -> str:
    # Dask, once it has started workers, leaves its own wishes for the C library behind.
    environment = {key: value for key, value in os.environ.items() if "MALLOC" not in key}
    command = [sys.executable, "-c", CODE]
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_package_and_examples_need_neither_network_nor_extras(printed: str) -> None:
    assert printed


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries do not learn")
def test_a_classifier_lets_activations_stay_with_the_process(printed: str) -> None:
    before, after = map(int, printed.split())
    assert after < before // 10


def test_what_is_imported_when_asked_for_is_listed() -> None:
    assert set(dir(wam)) >= {"audio", "front_ends", "separation", "volume"}
