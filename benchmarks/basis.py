"""A change of basis over one explanation: every family up to 16 taps."""

from __future__ import annotations

import statistics
from functools import partial

import torch

from benchmarks.measure import Row, alone, seconds, spoken
from benchmarks.work import SAMPLES, explain, network, picture
from wam_widgets.explanation import Explanation
from wam_widgets.wavelets import families, filter_length, max_level

GOAL = 1 / 100
ROUNDS = 7
LEVEL = 3
TAPS = 16


def change(explanation: Explanation, family: str) -> None:
    """Look at an explanation in a basis it was not yet looked at: attributions and spectrum."""
    level = min(LEVEL, max_level(family, explanation.space))
    explanation.at(family, level).spectrum()


def rows(device: torch.device) -> list[Row]:
    """Measure all families after each explanation, so that both see the same machine."""
    model, x = network(device), picture(device)
    explanation = explain(model, x)
    names = [name for name in families() if filter_length(name) <= TAPS]
    shares: dict[str, list[float]] = {name: [] for name in names}
    times: dict[str, list[float]] = {name: [] for name in names}
    for counted in [False] + [True] * ROUNDS:
        whole = seconds(lambda: explain(model, x), device)
        for name in names:
            part = seconds(partial(change, explanation, name), device)
            if counted:
                shares[name].append(part / whole)
                times[name].append(part)
    share = {name: statistics.median(found) for name, found in shares.items()}
    slowest = max(share, key=lambda name: share[name])
    usual = sorted(share, key=lambda name: share[name])[len(share) // 2]

    def row(what: str, name: str) -> Row:
        return Row(
            f"change of basis over an explanation of {SAMPLES} samples, {what}",
            f"1/{1 / share[name]:.0f} ({name}, {spoken(statistics.median(times[name]))})",
            f"≤ 1/{1 / GOAL:.0f}",
            share[name] <= GOAL,
        )

    return [row(f"slowest of {len(names)} families", slowest), row("middle of them", usual)]


if __name__ == "__main__":
    alone(rows, __doc__)
