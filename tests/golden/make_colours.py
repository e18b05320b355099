"""Make colours.json, which pytest and vitest both read: `python -m tests.golden.make_colours`."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from wam_widgets.figures.colours import COLOUR_MAPS, colour_map, scale_colours

FILE = Path(__file__).with_name("colours.json")
LEVELS = (1, 2, 3, 5, 9)
PLACES = (0, 1, 9, 40, 90, 126, 127, 128, 129, 170, 215, 255)
"""Entries of a colour map."""


def table() -> dict[str, object]:
    """Return colours as bytes: of scales, coarsest first, and of entries of the colour maps."""
    scales = {str(level): _bytes(scale_colours(level + 1)[::-1]) for level in LEVELS}
    maps = {
        name: _bytes(np.array([colour_map(name)(place)[:3] for place in PLACES]))
        for name in COLOUR_MAPS
    }
    return {"scales": scales, "places": list(PLACES), "maps": maps}


def _bytes(colours: np.ndarray) -> list[list[int]]:
    found: list[list[int]] = np.round(255 * colours).astype(int).tolist()
    return found


if __name__ == "__main__":
    FILE.write_text(json.dumps(table()) + "\n")
