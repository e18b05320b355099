"""Tests; a package, so that they share helpers by name."""

import os
import sys

# Not where a benchmark borrows a helper from here; before PyTorch is loaded. The tests compute
# little at a time: threads would wait for each other longer than they work, above all beside a
# browser.
if "pytest" in sys.modules:
    os.environ.setdefault("OMP_NUM_THREADS", "1")
