"""Dev and target results for every learning rate that was tried. Selection uses dev only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fasrepro.evaluation import aggregate, metrics
from fasrepro.evaluation.results.metrics import TunedRate, TuningReport
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score

ROUNDING = 1e-9  # 0.95 - 0.94 is a little more than 0.01


def on_target(dev: Sequence[Face], test: Sequence[Face], p_attack: Mapping[str, float], where: str) -> tuple[float, float]:
    """Return HTER at the dev threshold, and AUC, on the target by video; `p_attack` by face_id. Raises `MetricError`."""
    dev_rows = aggregate.scores(dev, p_attack, "video", where)
    test_rows = aggregate.scores(test, p_attack, "video", where)
    threshold = metrics.dev_threshold(dev_rows.labels, dev_rows.values, dev_rows.datasets)
    rates = metrics.rates(test_rows.labels, test_rows.values, test_rows.species.tolist(), threshold)
    return rates["hter"], metrics.auc(test_rows.labels, test_rows.values)


def mean_dev_auc(choice: Mapping[str, Any]) -> dict[str, float]:
    """Return each rate's mean AUC over the dev data sets, by which the run chose; `choice` is the contents of a choice.json.

    >>> mean_dev_auc({"dev_auc": {"0.001": {"msu": 1.0, "replay": 0.5}}})
    {'0.001': 0.75}
    """
    return {rate: sum(by_dataset.values()) / len(by_dataset) for rate, by_dataset in choice["dev_auc"].items()}


def report(
    choice: Mapping[str, Any], rows: Iterable[Score], dev: Sequence[Face], test: Sequence[Face], target: str, tolerance: float
) -> TuningReport:
    """Return the report of one run's choice.

    Args:
        choice: the contents of its choice.json.
        rows: scores, with the run named as `training.tuning.name` does.
        dev: faces of the sources.
        test: faces of the target.
        target: the data set of `test`.
        tolerance: dev AUC that differ by at most this do not tell rates apart.
    """
    scores_by_rate: dict[str, dict[str, float]] = {}
    for row in rows:
        _, _, rate = row.run.partition("@")
        scores_by_rate.setdefault(rate, {})[row.face_id] = row.p_attack
    dev_auc = mean_dev_auc(choice)
    rates = {}
    for rate, scores in scores_by_rate.items():
        hter, auc = on_target(dev, test, scores, f"tune {choice['run']}, {rate}")
        rates[rate] = TunedRate(dev_auc[rate], hter, auc)
    saturated = max(dev_auc.values()) - min(dev_auc.values()) <= tolerance + ROUNDING if dev_auc else None
    return TuningReport(choice["chosen"], choice["protocol"], target, rates, saturated)
