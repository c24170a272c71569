"""unseen.json, which the stage `unseen` writes: gains on attacks unlike those of the sources."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from fasrepro.evaluation.results.shared import FaceCounts, Figure, Figures


@dataclasses.dataclass(frozen=True)
class SpeciesCounts:
    """A species of the target: its family in `vocabulary.FAMILIES`, its videos, its subjects."""

    family: str
    videos: int
    subjects: int


@dataclasses.dataclass(frozen=True)
class TargetCounts:
    """The target's videos and its attacks' subjects; `no_interval`: species whose figures have none."""

    species: dict[str, SpeciesCounts]
    attack: int
    bona_fide: int
    subjects: int
    no_interval: list[str]


@dataclasses.dataclass(frozen=True)
class SpeciesGain:
    """What the run gains over the baseline on one species.

    Args:
        overlap: mean share, over its attacks, of the visible cues that the sources show; None where no cue is visible.
        nominal: share of the species' cues that go with a species of the sources.
        runs: "apcer" and mean "p_attack" by run.
        gain: by `unseen.MEASURES`; positive is better for the run.
    """

    overlap: float | None
    nominal: float | None
    runs: dict[str, dict[str, float | None]]
    gain: Figures


@dataclasses.dataclass(frozen=True)
class Range:
    """The lowest and the highest of several values; None of none."""

    low: float | None
    high: float | None


@dataclasses.dataclass(frozen=True)
class LinePoint(Figure):
    """The line's gain at one overlap, in [0, 1]."""

    overlap: float


@dataclasses.dataclass(frozen=True)
class GainLine:
    """The weighted least-squares line of gain on overlap over species.

    Args:
        slope: gain at overlap 1 minus gain at overlap 0.
        intercept: gain at overlap 0.
        spearman: rank correlation of gain and overlap.
        without_one: the range of the slope when one species is omitted.
        band: the line at several overlaps.
    """

    slope: Figure
    intercept: Figure
    spearman: Figure
    without_one: Range
    band: list[LinePoint]


@dataclasses.dataclass(frozen=True)
class UnseenGains:
    """Gains on one cell, or their mean over cells.

    Args:
        seeds: that both runs have; of a mean the fewest of any cell.
        species: by species.
        bona_fide: "bpcer" and mean "p_attack_bona_fide" by run.
        lines: by `unseen.MEASURES`.
    """

    seeds: int
    species: dict[str, SpeciesGain]
    bona_fide: dict[str, dict[str, float | None]]
    lines: dict[str, GainLine]


KindFigures = dict[str, Figures]  # by kind of face (`misplaced_cues.KINDS`), then by `misplaced_cues.MEASURES`


@dataclasses.dataclass(frozen=True)
class MisplacedCues:
    """Shares of explanations that name cues of prints and replays, by kind of face; means over seeds.

    Args:
        counts: explained faces by kind.
        cells: by `key(cell, run)`.
        mean: by run, over its cells.
        difference: run minus baseline, over the cells that have both; empty where none has.
    """

    counts: dict[str, FaceCounts]
    cells: dict[str, KindFigures]
    mean: dict[str, KindFigures]
    difference: KindFigures


@dataclasses.dataclass(frozen=True)
class UnseenTarget:
    """One target with attacks that its sources lack.

    Args:
        counts: of its videos.
        measured: whether overlaps come from cues seen in the images; else they are nominal.
        cells: gains by the cell's short name, of those that have both runs.
        mean: over these cells.
        misplaced_cues: None where no run wrote explanations.
    """

    counts: TargetCounts
    measured: bool
    cells: dict[str, UnseenGains]
    mean: UnseenGains
    misplaced_cues: MisplacedCues | None


@dataclasses.dataclass(frozen=True)
class Unseen:
    """unseen.json: gains of `run` over `baseline` on attacks unlike the sources'.

    `targets`: by `entry_key`. An entry's cells have equally many sources and test the same faces.
    """

    run: str
    baseline: str
    targets: dict[str, UnseenTarget]


def entry_key(target: str, protocols: Iterable[str]) -> str:
    """Return the key of an entry of `Unseen`: the target, and its protocols where the target has several entries.

    Args:
        target: key of `datasets.DATASETS`.
        protocols: of the entry; none where it is the target's only one.

    >>> entry_key("siw_mv2", []), entry_key("siw_mv2", ["oci_m", "omi_c", "oci_m"])
    ('siw_mv2', 'siw_mv2: oci_m, omi_c')
    """
    listed = ", ".join(dict.fromkeys(protocols))
    return f"{target}: {listed}" if listed else target


def target_and_protocols(entry: str) -> tuple[str, str]:
    """Return the target of an entry's key, and its protocols in words; "" for a target's only entry.

    >>> target_and_protocols("siw_mv2: oci_m, omi_c")
    ('siw_mv2', 'oci_m, omi_c')
    """
    target, _, protocols = entry.partition(": ")
    return target, protocols
