"""fairness.json, which the stage `fairness` writes: error rates by groups of people and by conditions."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import FaceCounts, Figure, Figures, Pair, key


@dataclasses.dataclass(frozen=True)
class Compared(Figure):
    """A difference of rates in [-1, 1] with its interval by Student's t.

    Args:
        error: the standard error; None where nothing varies, or a side has one person alone.
        degrees: of freedom.
        detectable: the smallest difference that would probably have been told (`inference.detectable`).
        subjects: of the smaller side.
    """

    error: float | None
    degrees: float | None
    detectable: float | None
    subjects: int


@dataclasses.dataclass(frozen=True)
class Group:
    """A group of people or a condition, such as old people.

    Args:
        bona_fide: its bona fide videos or still images.
        attack: its attacks.
        rates: "bpcer", "apcer" and "hter" at the dev threshold.
        gaps: of "bpcer" and "apcer", the group's minus that of all others of the same attribute.
    """

    bona_fide: FaceCounts
    attack: FaceCounts
    rates: Figures
    gaps: dict[str, Compared]


@dataclasses.dataclass(frozen=True)
class RunGroups:
    """A run over some cells, whose rows are taken together; means over seeds.

    Args:
        cells: short names.
        protocols: of the cells.
        targets: of the cells.
        run: its name.
        seeds: of its trainings.
        unknown: by attribute, the rows of which it is not known, and that are in no group.
        attributes: group by attribute and name.
    """

    cells: list[str]
    protocols: list[str]
    targets: list[str]
    run: str
    seeds: int
    unknown: dict[str, int]
    attributes: dict[str, dict[str, Group]]


@dataclasses.dataclass(frozen=True)
class GroupChange:
    """A run minus a baseline, on the same rows of a group.

    Args:
        rates: of "bpcer", "apcer" and "hter".
        gaps: the run's gap minus the baseline's, of "bpcer" and "apcer".
        baseline_gaps: of the same.
        baseline_rates: of "bpcer", "apcer" and "hter".
    """

    rates: dict[str, Compared]
    gaps: dict[str, Compared]
    baseline_gaps: dict[str, float | None]
    baseline_rates: dict[str, float | None]


@dataclasses.dataclass(frozen=True)
class GroupChanges:
    """A run minus a baseline over the cells that both have; the fields are those of `RunGroups`."""

    cells: list[str]
    protocols: list[str]
    targets: list[str]
    run: str
    baseline: str
    seeds: int
    attributes: dict[str, dict[str, GroupChange]]


@dataclasses.dataclass(frozen=True)
class FairnessSettings:
    """`pairs`: does the run widen or narrow the baseline's gaps between groups? Pairs that were not trained are left out."""

    pairs: list[Pair]


@dataclasses.dataclass(frozen=True)
class Fairness:
    """fairness.json: `runs` by `entry_key`, the changes between pairs of runs, and the `confidence` of intervals."""

    runs: dict[str, RunGroups]
    changes: list[GroupChanges]
    confidence: float


def entry_key(cells: list[str], run: str) -> str:
    """Return the key of a run over some cells.

    >>> entry_key(["oci_m", "omi_c"], "vanilla")
    'oci_m, omi_c-vanilla'
    """
    return key(", ".join(cells), run)
