"""A pair of runs is stored once and read both ways round."""

from __future__ import annotations

from fasrepro.report import paired

ROW = {"run": "b", "baseline": "a", "metric": "auc", "difference": 0.25, "low": -0.5, "high": 0.75, "seeds": 2, "subjects": 3}


def test_the_other_way_round_by_hand() -> None:
    assert paired.flipped(ROW) == ROW | {"run": "a", "baseline": "b", "difference": -0.25, "low": -0.75, "high": 0.5}
    assert paired.flipped(paired.flipped(ROW)) == ROW


def test_no_interval_stays_none_and_zero_has_no_sign() -> None:
    turned = paired.flipped(ROW | {"difference": 0.0, "low": None, "high": None})
    assert (turned["low"], turned["high"]) == (None, None)
    assert f"{turned['difference']:+.3f}" == "+0.000"


def test_only_rows_of_the_two_runs_are_returned() -> None:
    rows = [ROW, ROW | {"run": "c"}, ROW | {"run": "c", "baseline": "b"}]
    assert paired.oriented(rows, "b", "a") == [ROW]
    assert paired.oriented(rows, "a", "b") == [paired.flipped(ROW)]
    assert paired.oriented(rows, "a", "a") == []
