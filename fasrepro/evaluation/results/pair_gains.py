"""pair_gains.json: how many counterfactual pairs the encoders of two-stage runs put in order, and how runs differ in that."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Figure

FOUNDATION = "foundation"  # the baseline of every run's own entry


@dataclasses.dataclass(frozen=True)
class Order:
    """The share of tested pairs in order by the encoders of baseline and run; `change`: run minus baseline, by pair."""

    baseline: float
    run: float
    change: Figure


@dataclasses.dataclass(frozen=True)
class ComparedOrders:
    """Two encoders on the same pairs; means over seeds.

    Args:
        protocol: that the run was trained on.
        run: its name.
        baseline: `FOUNDATION`, or another run on the protocol.
        seeds: of the trainings.
        pairs: tested.
        subjects: people in them.
        mean: over cues, each weighing the same.
        by_cue: empty where runs are compared with each other.
    """

    protocol: str
    run: str
    baseline: str
    seeds: list[int]
    pairs: int
    subjects: int
    mean: Order
    by_cue: dict[str, Order]


@dataclasses.dataclass(frozen=True)
class PairGains:
    """pair_gains.json.

    Args:
        cells: runs against the foundation, by protocol and run, such as "two_to_eleven-cepl".
        differences: every two runs of a protocol that have seeds in common, once each.
    """

    cells: dict[str, ComparedOrders]
    differences: list[ComparedOrders]


def difference(gains: PairGains, protocol: str, run: str, baseline: str) -> ComparedOrders | None:
    """Return run minus baseline, whichever way round it is kept; None where the two were not compared."""
    for one in gains.differences:
        if (one.protocol, one.run, one.baseline) == (protocol, run, baseline):
            return one
        if (one.protocol, one.run, one.baseline) == (protocol, baseline, run):
            return dataclasses.replace(one, run=run, baseline=baseline, mean=reversed_order(one.mean))
    return None


def reversed_order(order: Order) -> Order:
    """Return the same with run and baseline exchanged.

    >>> reversed_order(Order(0.25, 0.75, Figure(0.5, 0.25, 0.625)))
    Order(baseline=0.75, run=0.25, change=Figure(value=-0.5, low=-0.625, high=-0.25))
    """
    value, low, high = (None if one is None else -one for one in (order.change.value, order.change.high, order.change.low))
    return Order(order.run, order.baseline, Figure(value, low, high))
