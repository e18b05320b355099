"""How true an explanation is: what the model says when something is kept, removed or changed."""

from wam_widgets.metrics.complexity import complexity, sparseness
from wam_widgets.metrics.curves import (
    area,
    curve,
    default_shares,
    deletion,
    faithfulness,
    insertion,
)

__all__ = [
    "area",
    "complexity",
    "curve",
    "default_shares",
    "deletion",
    "faithfulness",
    "insertion",
    "sparseness",
]
