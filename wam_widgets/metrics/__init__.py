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
from wam_widgets.metrics.fidelity import (
    infidelity,
    input_fidelity,
    mu_fidelity,
    spectrum_fidelity,
)
from wam_widgets.metrics.intervals import Interval, bootstrap
from wam_widgets.metrics.planted import Planted, plant
from wam_widgets.metrics.robustness import sensitivity_average, sensitivity_max
from wam_widgets.metrics.sanity import Cascade, randomised_parameters
from wam_widgets.metrics.sufficiency import (
    ScaleAblation,
    Sufficiency,
    necessary_set,
    scale_ablation,
    sufficient_set,
)
from wam_widgets.metrics.tables import Table, table
from wam_widgets.metrics.truth import average_precision, precision, recall, recovery, relevant

__all__ = [
    "Cascade",
    "Interval",
    "Planted",
    "ScaleAblation",
    "Sufficiency",
    "Table",
    "area",
    "average_precision",
    "bootstrap",
    "complexity",
    "curve",
    "default_shares",
    "deletion",
    "faithfulness",
    "infidelity",
    "input_fidelity",
    "insertion",
    "mu_fidelity",
    "necessary_set",
    "plant",
    "precision",
    "randomised_parameters",
    "recall",
    "recovery",
    "relevant",
    "scale_ablation",
    "sensitivity_average",
    "sensitivity_max",
    "sparseness",
    "spectrum_fidelity",
    "sufficient_set",
    "table",
]
