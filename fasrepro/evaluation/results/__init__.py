"""The contract of results/*.json: what every file of figures holds, as frozen dataclasses, with one reader and one writer.

A file of figures is one dataclass, named after it: `Metrics`, `Grounding`, `Annotators`, `Faithfulness`, `VerdictAgreement`,
`Optimism`, `Unseen`, `Audit`, `Calibration`, `Probes`, `CaptionModels`, `EncoderGains`, `ReadOutFigures`,
`Fairness`.

    metrics = results.read(paths.METRICS, results.Metrics)
    metrics.cells["oci_w-vanilla"].mean.video.figures["auc"].value

**Cells.** A result belongs to a cell: (protocol, run, target). Every entry of `cells` names all three, and `cell`, the short name
of (protocol, target), such as "oci_m" for (oci_m, msu) and "oci_w" for (oci_m, siw_mv2). The entry's key is `key(cell, run)`:
"oci_w-vanilla".

**Units.** Rates, AUC, accuracies and shares lie in [0, 1], differences in [-1, 1], unless a field says otherwise; "run minus
baseline" throughout. `video` figures count a video once (mean score, majority verdict), `frame` figures count every frame.
`subjects`, `faces`, `videos` are numbers of distinct ones.

The classes of a file's parts are in the module of that file: `results.metrics.CellMetrics`.
"""

from __future__ import annotations

from fasrepro.evaluation.results.audit import Audit
from fasrepro.evaluation.results.calibration import Calibration
from fasrepro.evaluation.results.caption_models import CaptionModels
from fasrepro.evaluation.results.encoder_gains import EncoderGains, EncoderSettings
from fasrepro.evaluation.results.explanations import Annotators, Faithfulness, Grounding, VerdictAgreement
from fasrepro.evaluation.results.fairness import Fairness, FairnessSettings
from fasrepro.evaluation.results.metrics import Metrics
from fasrepro.evaluation.results.optimism import Optimism
from fasrepro.evaluation.results.probes import ProbeBounds, Probes
from fasrepro.evaluation.results.read_outs import ReadOutFigures, ReadOutSettings
from fasrepro.evaluation.results.shared import (
    HEAD,
    Cell,
    Counts,
    EvaluationSettings,
    Figure,
    Figures,
    LedgerSettings,
    Pair,
    key,
    read,
    write,
)
from fasrepro.evaluation.results.unseen import Unseen

FILES = (
    Metrics,
    Grounding,
    Annotators,
    Faithfulness,
    VerdictAgreement,
    Optimism,
    Unseen,
    Audit,
    Calibration,
    Probes,
    CaptionModels,
    EncoderGains,
    ReadOutFigures,
    Fairness,
)

__all__ = ["FILES", "HEAD", "Cell", "Counts", "EvaluationSettings", "Figure", "Figures", "LedgerSettings", "key", "read", "write"]
__all__ += ["EncoderSettings", "FairnessSettings", "Pair", "ProbeBounds", "ReadOutSettings"]
__all__ += [kind.__name__ for kind in FILES]
