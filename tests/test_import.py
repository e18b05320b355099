"""What a plain installation is enough for."""

from __future__ import annotations

import subprocess
import sys

import wam_widgets as wam

# In one interpreter: starting it takes longer than all it does.
CODE = """
import socket, sys

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

import wam_widgets as wam
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


def test_package_and_examples_need_neither_network_nor_extras() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_what_is_imported_when_asked_for_is_listed() -> None:
    assert set(dir(wam)) >= {"audio", "front_ends", "separation", "volume"}
