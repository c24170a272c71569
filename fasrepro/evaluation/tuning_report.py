"""What the learning rates that a run chose among came to: on dev, by which it chose, and on the target, by which it did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fasrepro.evaluation import aggregate, metrics
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score

ROUNDING = 1e-9  # 0.95 - 0.94 is a little more than 0.01


def on_target(dev: Sequence[Face], test: Sequence[Face], p_attack: Mapping[str, float], where: str) -> dict[str, float]:
    """Return "hter_dev" and "auc" on the target by video, the threshold from dev; `p_attack` by face_id."""
    ours, theirs = (aggregate.scores(faces, p_attack, "video", where) for faces in (dev, test))
    threshold = metrics.dev_threshold(ours.labels, ours.values, ours.datasets)
    rates = metrics.rates(theirs.labels, theirs.values, theirs.species.tolist(), threshold)
    return {"hter_dev": rates["hter"], "auc": metrics.auc(theirs.labels, theirs.values)}


def mean_dev_auc(choice: Mapping[str, Any]) -> dict[str, float]:
    """Return each rate's mean AUC over the dev data sets, which is what the run chose by; `choice` is a choice.json."""
    return {rate: sum(found.values()) / len(found) for rate, found in choice["dev_auc"].items()}


def report(
    choice: Mapping[str, Any], rows: Iterable[Score], dev: Sequence[Face], test: Sequence[Face], within: float
) -> dict[str, Any]:
    """Return {"chosen", "protocol", "rates": {rate: {"dev_auc", "hter_dev", "auc"}}, "saturated"} of one run's choice.

    `rows`: scores, the run named as `training.tuning.name` does. "saturated": whether all rates reach the same dev AUC to
    `within`; then dev cannot tell them apart, and which is chosen means little. None where there was nothing to choose.
    """
    by_rate: dict[str, dict[str, float]] = {}
    for row in rows:
        by_rate.setdefault(row.run.partition("@")[2], {})[row.face_id] = row.p_attack
    aucs = mean_dev_auc(choice)
    rates = {
        rate: {"dev_auc": aucs[rate], **on_target(dev, test, found, f"tune {choice['run']}, {rate}")}
        for rate, found in by_rate.items()
    }
    saturated = max(aucs.values()) - min(aucs.values()) <= within + ROUNDING if aucs else None
    return {"chosen": choice["chosen"], "protocol": choice["protocol"], "rates": rates, "saturated": saturated}
