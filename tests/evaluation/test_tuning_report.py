"""The report of a run's choice of its learning rate."""

from __future__ import annotations

from fasrepro.evaluation import tuning_report
from fasrepro.evaluation.results.metrics import TunedRate, TuningReport
from fasrepro.rows.scores import Score
from tests.faces import face

CHOICE = {"run": "vanilla", "protocol": "mi_c", "seed": 0, "chosen": 0.001, "dev_auc": {}}
DEV = [face("msu/1", "bona_fide"), face("msu/2", "print")]
TEST = [face("casia/1", "bona_fide"), face("casia/2", "print")]


def test_a_run_with_one_rate_chose_nothing() -> None:
    assert tuning_report.report(CHOICE, [], [], [], "casia", 0.01) == TuningReport(0.001, "mi_c", "casia", {}, None)


def test_every_rate_is_reported_on_dev_and_target() -> None:
    # Both rates separate dev at 0.5; the second one misses the target's attack.
    values = {"0.001": (0.0, 1.0, 0.0, 1.0), "0.002": (0.0, 1.0, 0.0, 0.25)}
    rows = [
        Score("mi_c", f"vanilla@{rate}", 0, one.face_id, score)
        for rate, scores in values.items()
        for one, score in zip([*DEV, *TEST], scores, strict=True)
    ]
    choice = CHOICE | {"dev_auc": {"0.001": {"msu": 1.0, "replay": 0.5}, "0.002": {"msu": 0.75, "replay": 0.5}}}
    report = tuning_report.report(choice, rows, DEV, TEST, "casia", 0.01)
    assert report.rates == {"0.001": TunedRate(0.75, 0.0, 1.0), "0.002": TunedRate(0.625, 0.5, 1.0)}
    assert not report.saturated
    assert tuning_report.report(choice, rows, DEV, TEST, "casia", 0.125).saturated
