"""What pages, notebooks and the ledger share about caption models: the names of their figures, and their order by entry."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.caption_models import CaptionModel, CaptionModels

HEADLINE = "C"  # people whom no caption model was trained on
SUPERVISED, REINFORCED = "sft", "grpo"
COLUMNS = {  # of the table, by the name of the figure
    "parse_rate": "in the form",
    "accuracy": "balanced accuracy, given the form",
    "accuracy_all": "both together",
    "auc": "AUC of the log-odds",
    "majority": "majority of the samples",
    "mixed": "faces with mixed outcomes",
    "precision": "precision of named cues",
    "recall": "recall of cues",
    "distinct": "distinct texts",
    "copied": "sentences from gold",
    "exploited": "empty or double conclusions",
}
TITLES = {**COLUMNS, "accuracy_all": "balanced accuracy, given the form, times the share in the form"}  # where each stands alone


def by_entry(models: CaptionModels) -> dict[str, list[CaptionModel]]:
    """Return the models of each entry by seed; the supervised one and its rewarded one come first."""
    groups: dict[str, list[CaptionModel]] = {}
    for model in sorted(models.models.values(), key=lambda model: model.seed):
        groups.setdefault(model.entry, []).append(model)
    order = {entry: number for number, entry in enumerate((SUPERVISED, f"{SUPERVISED}_shifted", REINFORCED))}
    return {entry: groups[entry] for entry in sorted(groups, key=lambda entry: (order.get(entry, len(order)), entry))}


def figure_of(group: Sequence[CaptionModel], part: str, name: str) -> Figure | None:
    """Return a figure of one model with its interval over people; of several seeds the mean, the lowest and the highest."""
    figures = [model.parts[part].figures[name] for model in group if part in model.parts and name in model.parts[part].figures]
    values = [figure.value for figure in figures if figure.value is not None]
    if len(figures) == 1 or not values:
        return figures[0] if figures else None
    return Figure(float(np.mean(values)), min(values), max(values))
