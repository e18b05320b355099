"""What is freed between passes is used again."""

from __future__ import annotations

import platform
import subprocess
import sys

import pytest

# A process of its own: what the library has learnt, it never forgets.
CODE = """
import resource
import torch
import wam_widgets.classifier

def pages():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def asked_for():
    before = pages()
    activations = [torch.ones(3_000_000) for _ in range(3)]
    del activations
    return pages() - before

asked_for()
before = asked_for()
wam_widgets.classifier.Classifier(torch.relu)
asked_for()
print(before, asked_for())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="other libraries do not learn")
def test_a_classifier_lets_activations_stay_with_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after < before // 10
