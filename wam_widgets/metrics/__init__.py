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
from wam_widgets.metrics.intervals import Interval, bootstrap
from wam_widgets.metrics.planted import Planted, plant
from wam_widgets.metrics.truth import average_precision, precision, recall, recovery, relevant

__all__ = [
    "Interval",
    "Planted",
    "area",
    "average_precision",
    "bootstrap",
    "complexity",
    "curve",
    "default_shares",
    "deletion",
    "faithfulness",
    "insertion",
    "plant",
    "precision",
    "recall",
    "recovery",
    "relevant",
    "sparseness",
]
