from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.training import snapshots


@given(st.integers(1, 400), st.data())
def test_steps_are_even_distinct_and_end_with_the_last(total: int, data: st.DataObject) -> None:
    count = data.draw(st.integers(1, total))
    steps = snapshots.steps(total, count)
    gaps = {after - before for before, after in zip([0, *steps], steps, strict=False)}
    assert len(set(steps)) == count
    assert steps[-1] == total
    assert max(gaps) - min(gaps) <= 1


@pytest.mark.parametrize(("total", "count"), [(10, 0), (10, 11), (10, -1)])
def test_an_impossible_number_of_snapshots_is_refused(total: int, count: int) -> None:
    with pytest.raises(ValueError, match=rf"snapshots.count: {count} snapshots of 10 training steps; give 1 to 10"):
        snapshots.steps(total, count)


def test_a_snapshot_is_named_by_its_step_and_read_back() -> None:
    assert snapshots.name("label_only", 30) == "label_only@step30"
    assert snapshots.parse("label_only@step30") == ("label_only", 30)
    for other in ("label_only", "label_only@0.001", "label_only@step", "@step3"):
        with pytest.raises(ValueError, match="is not named as a snapshot is"):
            snapshots.parse(other)
