"""Whether a probe puts pairs of other people in order: where the states hold the cue, and where they do not."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest

from fasrepro.evaluation.analyses import pair_orders
from fasrepro.evaluation.analyses.pair_orders import PairOrders
from fasrepro.evaluation.analyses.probes import PairStates

CUES = np.array(["moire"] * 8 + ["glare"] * 8 + ["curl"])
FITTED = np.array([True] * 4 + [False] * 4 + [True] * 4 + [False] * 5)  # nobody of curl is fitted on


def states() -> PairStates:
    """Return states whose first number is 1 with moire; glare leaves the states as they are."""
    without = np.random.default_rng(0).normal(size=(len(CUES), 3))
    present = without.copy()
    present[CUES == "moire", 0] += 10
    return PairStates(CUES, FITTED, without, present)


def test_a_cue_in_the_states_orders_every_pair_and_an_absent_one_ties() -> None:
    assert pair_orders.ordered(states()).tolist() == [1.0] * 4 + [0.5] * 4


def test_a_pair_whose_states_are_exchanged_is_out_of_order() -> None:
    one = states()
    without, present = one.without.copy(), one.present.copy()
    without[5], present[5] = one.present[5], one.without[5]
    orders = pair_orders.ordered(dataclasses.replace(one, without=without, present=present))
    assert orders.tolist() == [1.0, 0.0, 1.0, 1.0] + [0.5] * 4


def test_a_cue_that_no_probe_is_fitted_on_is_not_tested() -> None:
    tested = pair_orders.is_tested(CUES, FITTED)
    assert set(CUES[tested]) == {"moire", "glare"}
    assert not (tested & FITTED).any()


def test_orders_come_back_as_written_and_a_lacking_array_is_named(tmp_path: Path) -> None:
    path = tmp_path / "one.npz"
    orders = PairOrders(np.array(["moire"]), np.array(["msu/a"]), np.array([[0.5], [1.0]]))
    pair_orders.write(path, orders)
    again = pair_orders.read(path)
    assert (again.cues.tolist(), again.subjects.tolist(), again.ordered.tolist()) == (["moire"], ["msu/a"], [[0.5], [1.0]])
    np.savez(path, cues=orders.cues, subjects=orders.subjects)
    with pytest.raises(ValueError, match=r"one\.npz: has no ordered; run `dvc repro pair_orders@one`"):
        pair_orders.read(path)
