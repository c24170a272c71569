from __future__ import annotations

import pytest

from fasrepro import names


def test_a_known_name_is_found() -> None:
    assert names.lookup({"auc": 1}, "auc", "metric") == 1


def test_an_unknown_name_suggests_the_nearest_and_lists_all() -> None:
    with pytest.raises(ValueError, match=r"^unknown metric 'acu'\. Did you mean 'auc'\? Known: auc, eer$"):
        names.lookup({"auc": 1, "eer": 2}, "acu", "metric")


def test_a_name_like_no_other_is_only_listed() -> None:
    assert names.unknown("zzz", ["auc"], "metric") == "unknown metric 'zzz'. Known: auc"


def test_callers_choose_the_exception_and_say_where_the_name_stands() -> None:
    with pytest.raises(UnicodeError, match=r"^params\.yaml: runs: unknown run 'b'"):
        names.lookup({"a": 1}, "b", "run", UnicodeError, "params.yaml: runs")
