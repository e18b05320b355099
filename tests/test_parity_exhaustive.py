"""The browser's transform against PyWavelets: every listed family, size, level and mode."""

from __future__ import annotations

import json
import math
import struct
import subprocess
from pathlib import Path

import numpy as np
import pywt

from tests.golden import reference as ref

ROOT = Path(__file__).parents[1]

PLANES = [(1, 8), (2, 2), (3, 2), (7, 4), (8, 9), (15, 23), (31, 16), (32, 32), (33, 34), (3, 70)]
VOLUMES = [(2, 3, 4), (5, 7, 3), (8, 6, 9), (11, 8, 10)]


def _grid() -> list[tuple[str, int, tuple[int, ...]]]:
    spaces: list[tuple[int, ...]] = [(n,) for n in range(1, 71)]
    grid = [(f, s) for f in ref.FAMILIES for s in spaces]
    grid += [(f, s) for f in ("haar", "db2", "bior2.2", "coif1", "rbio3.1") for s in PLANES]
    grid += [(f, s) for f in ("haar", "db2", "rbio2.2") for s in VOLUMES]
    return [(f, level, s) for f, s in grid for level in range(1, ref.max_level(f, s) + 1)]


def _write(path: Path, cases: list[tuple[str, int, tuple[int, ...]]]) -> None:
    rng = np.random.default_rng(1)
    wavelets = [pywt.Wavelet(name) for name in ref.FAMILIES]
    header = json.dumps(
        {
            "families": [{"name": w.name, "length": w.dec_len} for w in wavelets],
            "cases": [(family, level, space, ref.MODES) for family, level, space in cases],
        }
    ).encode()
    header += b" " * (-len(header) % 4)
    values = [np.concatenate([w.dec_lo, w.rec_lo]) for w in wavelets]
    for family, level, space in cases:
        x = rng.standard_normal((1, *space))
        z = [ref.flatten(ref.analyse(x, family, level, mode)) for mode in ref.MODES]
        r = rng.standard_normal(len(z[0]))
        # The explicit matrix is the adjoint as well: (W⁻¹)ᵀ g.
        synthesis = ref.matrix(family, level, space)
        values += [x, r, synthesis @ x.ravel(), r @ synthesis, *z]
    flat = np.concatenate([v.ravel() for v in values]).astype("<f4")
    path.write_bytes(struct.pack("<I", len(header)) + header + flat.tobytes())


def test_exhaustive_parity(tmp_path: Path) -> None:
    cases = _grid()
    _write(tmp_path / "grid.bin", cases)
    js = ROOT / "js"
    script = tmp_path / "parity.mjs"
    bundle = ["node", js / "tests" / "bundle.mjs", js / "tests" / "parity.ts", script]
    subprocess.run(bundle, check=True)
    done = subprocess.run(
        ["node", script, tmp_path / "grid.bin"], check=True, capture_output=True, text=True
    )
    result = json.loads(done.stdout)
    print(result)
    assert result["count"] == len(cases) * len(ref.MODES)
    assert result["compiled"] > len(cases)
    for kind, error in result["worst"].items():
        assert math.isfinite(error) and error <= 1e-5, f"{kind}: {error} at {result['where']}"
