"""Make golden.json.gz, which pytest and vitest both read: `python -m tests.golden.make_golden`.

Inputs are small integers (one byte each), expected results float32; all from `reference.py`.
"""

from __future__ import annotations

import base64
import gzip
import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pywt
from numpy.typing import NDArray

from tests.golden import reference as ref

FILE = Path(__file__).with_name("golden.json.gz")


def wire(array: NDArray[Any], scale: float = 1.0) -> dict[str, Any]:
    """Pack as the widget's wire does: u8 with a scale about zero, or float32."""
    out: dict[str, Any] = {"shape": list(array.shape)}
    if array.dtype == np.uint8:
        out |= {"dtype": "u8", "scale": scale, "offset": -128 * scale}
    else:
        array = array.astype("<f4")
        out |= {"dtype": "f32"}
    return out | {"data": base64.b64encode(array.tobytes()).decode()}


def unpack(raw: NDArray[np.uint8], scale: float) -> ref.Array:
    """Return the values that `wire` stands for."""
    return (raw.astype(np.float64) - 128) * scale


def bank(families: tuple[str, ...]) -> dict[str, Any]:
    """Return the low-pass taps of the families, in the layout of the payload's bank."""
    wavelets = [pywt.Wavelet(name) for name in families]
    taps = np.concatenate([np.concatenate([w.dec_lo, w.rec_lo]) for w in wavelets])
    names = [{"name": n, "length": w.dec_len} for n, w in zip(families, wavelets, strict=True)]
    return {"families": names, "taps": wire(taps)}


def drawn(rng: np.random.Generator, *shape: int) -> NDArray[np.uint8]:
    """Return random bytes around 128."""
    return rng.integers(1, 256, shape, dtype=np.uint8)


def transform(rng: np.random.Generator, family: str, level: int, mode: str, space: Any) -> Any:
    """Return one case of analysis, pullback and synthesis."""
    scale = 1 / 64
    x, g = drawn(rng, 1, *space), drawn(rng, 1, *space)
    z = ref.analyse(unpack(x, scale), family, level, mode)
    r = drawn(rng, sum(c.size for c in z))
    joined = ref.synthesise(ref.unflatten(unpack(r, scale), z), family, space)
    return {
        "family": family,
        "level": level,
        "mode": mode,
        "space": list(space),
        "signal": wire(x, scale),
        "gradient": wire(g, scale),
        "vector": wire(r, scale),
        "coefficients": wire(ref.flatten(z)),
        "pullback": wire(ref.flatten(ref.pullback(unpack(g, scale), family, level))),
        "synthesis": wire(joined),
    }


def transforms(rng: np.random.Generator) -> list[Any]:
    """Return a seeded selection: every family and mode, all dimensions, odd and non-square."""
    cases = []
    for i, family in enumerate(ref.FAMILIES):
        length = pywt.Wavelet(family).dec_len
        for j in range(3):
            size = int(rng.integers(2 * (length - 1), 71))
            level = int(rng.integers(1, ref.max_level(family, (size,)) + 1))
            cases.append(transform(rng, family, level, ref.MODES[(i + j) % 5], (size,)))
    for family, level, space in [
        ("haar", 3, (17, 8)),
        ("haar", 1, (2, 3)),
        ("db2", 2, (13, 22)),
        ("db4", 1, (14, 21)),
        ("sym5", 1, (19, 18)),
        ("coif1", 2, (23, 20)),
        ("bior2.2", 2, (21, 26)),
        ("bior1.3", 1, (11, 15)),
        ("rbio3.1", 3, (25, 27)),
        ("rbio2.4", 1, (18, 21)),
    ]:
        for mode in ref.MODES[len(cases) % 2 :: 2]:
            cases.append(transform(rng, family, level, mode, space))
    for k, (family, level, space) in enumerate(
        [
            ("haar", 2, (5, 7, 8)),
            ("db2", 1, (8, 6, 7)),
            ("bior3.1", 1, (6, 9, 7)),
            ("coif1", 1, (10, 11, 10)),
            ("rbio3.1", 1, (9, 6, 7)),
        ]
    ):
        cases.append(transform(rng, family, level, ref.MODES[k], space))
    return cases


def decisive(flat: ref.Array, ranking: str, keep: float) -> float:
    """Return the next share where single precision cannot swap kept and dropped coefficients."""
    score = np.sort(flat if ranking == "signed" else np.abs(flat))[::-1]
    kept = math.floor(keep * len(score) + 0.5)
    while 0 < kept < len(score) and score[kept - 1] - score[kept] < 1e-4 * np.abs(score).max():
        kept += 1
    return kept / len(score)


def attribution(
    rng: np.random.Generator,
    kind: str,
    basis: tuple[str, int, str],
    channels: int,
    space: tuple[int, ...],
) -> dict[str, Any]:
    """Return one case of everything that follows from a signal and a gradient."""
    family, level, mode = basis
    scale = 1 / 64
    x, g, x0 = (drawn(rng, channels, *space) for _ in range(3))
    signal, gradient, base = (unpack(a, scale) for a in (x, g, x0))
    pulled = ref.pullback(gradient, family, level)
    z = ref.analyse(signal, family, level, mode)
    factor = ref.analyse(signal - base, family, level, mode) if kind == "baseline" else z
    values = pulled if kind == "gradient" else [a * b for a, b in zip(factor, pulled, strict=True)]
    flat = ref.flatten(values)
    start = tuple(n // 4 for n in space)
    stop = tuple(math.ceil(3 * n / 4) for n in space)
    brushed = [
        v * m for v, m in zip(values, ref.inside(family, level, space, start, stop), strict=True)
    ]
    like = [np.full(c.shape, b.index) for c, b in zip(z, ref.bands(level, len(space)), strict=True)]
    indices = ref.flatten(like)  # type: ignore[arg-type]
    reconstructions = []
    for ranking, keep, mask, scales in [
        ("signed", 0.1, "hard", None),
        ("magnitude", 0.25, "hard", [0, level]),
        ("signed", 0.3, "soft", None),
        ("magnitude", 0.07, "soft", list(range(1, level + 1))),
        ("signed", 0.0, "hard", None),
        ("signed", 0.9, "soft", None),
        ("magnitude", 1.0, "hard", None),
        ("signed", 0.2, "modulated", None),
        ("magnitude", 0.15, "modulated", [level]),
    ]:
        keep = decisive(flat, ranking, keep)
        w = ref.weights(flat, ranking, keep, mask)
        chosen = np.isin(indices, scales) if scales is not None else np.ones(len(flat), bool)
        important = ref.synthesise(
            ref.unflatten(w["weights"] * chosen * ref.flatten(z), z), family, space
        )
        reconstructions.append(
            {
                "ranking": ranking,
                "keep": keep,
                "mask": mask,
                "scales": scales,
                "kept": w["kept"],
                "threshold": w["threshold"],
                "important": wire(important),
            }
        )
    # Masks without a step at the threshold, where equal scores could swap; few enough kept that
    # the threshold is not among the zeros that come from padding the gradient.
    spins = []
    for ranking, keep, mask, count in [
        ("magnitude", 0.2, "modulated", 4),
        ("signed", 0.15, "soft", 3),
    ]:
        parts = ref.spun(
            signal,
            gradient,
            base if kind == "baseline" else None,
            kind != "gradient",
            basis,
            (ranking, keep, mask),
            count,
        )
        spins.append(
            {"ranking": ranking, "keep": keep, "mask": mask, "spins": count, "parts": wire(parts)}
        )
    return {
        "kind": kind,
        "family": family,
        "level": level,
        "mode": mode,
        "space": list(space),
        "signal": wire(x, scale),
        "gradient": wire(g, scale),
        "baseline": wire(x0, scale) if kind == "baseline" else None,
        "path": kind != "gradient",
        "multiply": kind != "gradient",
        "values": wire(flat),
        "spectrum": ref.spectrum(values, level, len(space)).tolist(),
        "maps": wire(ref.scale_maps(values, family, level, space)),
        "box": {"start": start, "stop": stop},
        "brushed": ref.spectrum(brushed, level, len(space)).tolist(),
        "reconstructions": reconstructions,
        "spins": spins,
    }


def attributions(rng: np.random.Generator) -> list[Any]:
    """Return cases of all kinds of methods in one, two and three dimensions."""
    return [
        attribution(rng, "input", ("haar", 3, "symmetric"), 1, (37,)),
        attribution(rng, "baseline", ("db4", 2, "reflect"), 2, (61,)),
        attribution(rng, "input", ("bior2.2", 3, "periodic"), 1, (45,)),
        attribution(rng, "gradient", ("rbio3.3", 2, "constant"), 1, (40,)),
        attribution(rng, "baseline", ("db2", 2, "symmetric"), 3, (13, 18)),
        attribution(rng, "input", ("bior2.4", 1, "zero"), 1, (19, 22)),
        attribution(rng, "gradient", ("haar", 3, "symmetric"), 2, (11, 9)),
        attribution(rng, "baseline", ("bior2.2", 1, "reflect"), 1, (10, 11, 12)),
        attribution(rng, "input", ("haar", 2, "zero"), 1, (5, 8, 6)),
    ]


def main() -> None:
    """Write the file."""
    rng = np.random.default_rng(20250)
    golden = {
        "bank": bank(ref.FAMILIES),
        "transforms": transforms(rng),
        "attributions": attributions(rng),
    }
    text = json.dumps(golden, separators=(",", ":")).encode()
    # A fixed time stamp: the same golden values give the same file.
    FILE.write_bytes(gzip.compress(text, compresslevel=9, mtime=0))
    print(f"{FILE.name}: {FILE.stat().st_size / 1000:.0f} kB, {len(golden['transforms'])} cases")


if __name__ == "__main__":
    main()
