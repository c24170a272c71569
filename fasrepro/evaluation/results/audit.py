"""audit.json, which the stage `audit` writes: what simple probes learn of the label."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Counts


@dataclasses.dataclass(frozen=True)
class AuditBounds:
    """Bounds of AUC for the audit's probes, and how many test subjects make a data set count.

    Args:
        max_global_auc: a simple probe above it on every data set, fitted on the others, is a leak.
        min_subjects: of a data set's test split; with fewer the data set does not count for that rule.
        min_vision_auc: what the vision probe should reach inside each data set.
        min_vision_drop: what the vision probe should lose on another data set, on average.
        min_cues_auc: what the cues alone should reach everywhere.
    """

    max_global_auc: float
    min_subjects: int
    min_vision_auc: float
    min_vision_drop: float
    min_cues_auc: float


@dataclasses.dataclass(frozen=True)
class ProbeCell:
    """A probe on one target's test faces; `auc` is None for the reason in `missing`."""

    auc: float | None
    faces: int
    subjects: int
    missing: str


@dataclasses.dataclass(frozen=True)
class CountedDatasets:
    """The data sets that count for the rule: fitted inside each of them, and fitted on all others."""

    inside: list[str]
    held_out: list[str]


@dataclasses.dataclass(frozen=True)
class Probe:
    """One probe: its AUC inside data sets, across them, and on a data set that it was not fitted on.

    Args:
        measures: how many numbers it sees of a face.
        single: by source, then by target.
        leave_one_out: by target, fitted on all others.
        from_one_other: by target, the mean over sources of the AUC fitted on one other.
        judged: the data sets that count for the rule.
        inside: mean AUC of the diagonal of `single`.
        across: mean AUC of the rest of `single`.
        drop: mean of inside the source minus across.
        held_out: mean AUC of `leave_one_out`.
    """

    measures: int
    single: dict[str, dict[str, ProbeCell]]
    leave_one_out: dict[str, ProbeCell]
    from_one_other: dict[str, float | None]
    judged: CountedDatasets
    inside: float | None
    across: float | None
    drop: float | None
    held_out: float | None


@dataclasses.dataclass(frozen=True)
class Expected:
    """A value that a learnable and shifted world should reach: whether it does is None where there is no value."""

    value: float | None
    least: float
    met: bool | None


@dataclasses.dataclass(frozen=True)
class SplitCounts:
    """Faces of a data set's official splits."""

    train: Counts
    test: Counts


@dataclasses.dataclass(frozen=True)
class Untested:
    """Simple probes that could not be tested against each of the two rules."""

    leaks: list[str]
    inside_everywhere: list[str]


@dataclasses.dataclass(frozen=True)
class SharedImages:
    """Pairs of faces in two parts of a protocol that look the same, and some of them, each face with its part."""

    pairs: int
    examples: list[list[str]]


@dataclasses.dataclass(frozen=True)
class NearImages:
    """Faces of different people that look the same: see `analyses.near_images`.

    Args:
        bound: the bits of the perceptual hash that may differ; of 64.
        alike: the least correlation of their thumbnails.
        faces: how many were compared.
        pairs: how many look the same, wherever they are.
        protocols: by name, those in two of its parts.
    """

    bound: int
    alike: float
    faces: int
    pairs: int
    protocols: dict[str, SharedImages]

    @property
    def shared(self) -> dict[str, SharedImages]:
        """Those of the protocols that have any."""
        return {name: images for name, images in self.protocols.items() if images.pairs}


@dataclasses.dataclass(frozen=True)
class Audit:
    """audit.json: probes by name, and what the rule makes of them.

    Args:
        datasets: keys of `datasets.DATASETS`.
        faces: by data set.
        probes: by name.
        simple: the simple probes, to which the rule applies, in order.
        bounds: of the rule.
        leaks: simple probes above the bound on every data set that counts, fitted on the others.
        inside_everywhere: simple probes above the bound inside every data set that counts.
        untested: simple probes of which too few data sets count.
        expected: "vision_inside", "vision_drop" and "cues_everywhere", where the probe was run.
        near_images: None in a file that was written before they were looked for.
    """

    datasets: list[str]
    faces: dict[str, SplitCounts]
    probes: dict[str, Probe]
    simple: list[str]
    bounds: AuditBounds
    leaks: list[str]
    inside_everywhere: list[str]
    untested: Untested
    expected: dict[str, Expected]
    near_images: NearImages | None = None
