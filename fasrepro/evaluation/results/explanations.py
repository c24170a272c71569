"""What is said about cues and verdicts: grounding.json, annotators.json, faithfulness.json, verdict_agreement.json.

Each is written by the stage of the same name.
"""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.metrics import CellDifference, MeanDifference
from fasrepro.evaluation.results.shared import Cell, Counts, FaceCounts, Figure, Figures

EXPLANATIONS = "explanations"  # the channel of cues that explanations name
DEV = "dev"  # in place of a target: people of the sources that no training saw
SAMPLER = "sampler"  # the baseline of grounding: a caption drawn by the label, without looking at the image


@dataclasses.dataclass(frozen=True)
class GroundingCounts(Counts):
    """Explained faces of each label, their subjects, and the seeds."""

    seeds: int


@dataclasses.dataclass(frozen=True)
class CellGrounding(Cell):
    """Cues that explanations name against the cues in the image; figures by `grounding.MEASURES`, means over seeds.

    Args:
        counts: of explained faces.
        explained: of the run's explanations.
        sampler: of a caption drawn from the run's own training set for a face with the same label.
        difference: explained minus sampler.
    """

    counts: GroundingCounts
    explained: Figures
    sampler: Figures
    difference: Figures


@dataclasses.dataclass(frozen=True)
class Grounding:
    """grounding.json: cells of runs that were trained on captions; empty where no cue is known, as of licensed archives.

    `paired` and `means`: F1 of a run's explanations minus that of its sampler, with the test of `evaluation.inference`, as in
    metrics.json: the baseline is `SAMPLER`, the channel `EXPLANATIONS`.

    `dev`: figures like `cells`, on faces of the sources' dev people, by protocol and run; the target of each is `DEV`.
    """

    cells: dict[str, CellGrounding]
    paired: list[CellDifference] = dataclasses.field(default_factory=list)
    means: list[MeanDifference] = dataclasses.field(default_factory=list)
    dev: dict[str, CellGrounding] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class CaptionGroup:
    """Captions of some faces; `figures` by `grounding.MEASURES`."""

    counts: Counts
    figures: Figures


@dataclasses.dataclass(frozen=True)
class CaptionCue:
    """One cue in the captions of one set.

    Args:
        showing: attacks that show it.
        named: captions of attacks that name it.
        named_there: captions of attacks that name it and show it.
        on_bona_fide: captions of bona fide faces that name it.
        precision: over attacks.
        recall: over attacks.
    """

    showing: int
    named: int
    named_there: int
    on_bona_fide: int
    precision: Figure
    recall: Figure


@dataclasses.dataclass(frozen=True)
class CaptionSetCues:
    """The cues that a caption set names: over all faces, by data set, by species, by cue.

    `label_aware`: whether its annotator was told the label; `models`: how many captions each model wrote.
    """

    label_aware: bool
    models: dict[str, int]
    pooled: CaptionGroup
    datasets: dict[str, CaptionGroup]
    species: dict[str, CaptionGroup]
    cues: dict[str, CaptionCue]


@dataclasses.dataclass(frozen=True)
class CaptionSetPair:
    """A label-aware set minus a label-blind one, on the faces that both caption.

    Args:
        captions: the label-aware set.
        baseline: the label-blind set.
        same_task: whether the two annotators' prompts differ in the label alone.
        counts: of the faces that both caption.
        difference: by `grounding.MEASURES`.
        cues: "precision" and "recall" by cue.
    """

    captions: str
    baseline: str
    same_task: bool
    counts: Counts
    difference: Figures
    cues: dict[str, Figures]


@dataclasses.dataclass(frozen=True)
class ErrorRates:
    """Rates of error that the simulated annotator was given: of a cue in the image missed, of a cue invented."""

    missed_cue: float
    invented_cue: float


@dataclasses.dataclass(frozen=True)
class Annotators:
    """annotators.json: caption sets by name, pairs of them, and a simulated annotator's own error rates (None of another)."""

    sets: dict[str, CaptionSetCues]
    pairs: list[CaptionSetPair]
    by_construction: ErrorRates | None


@dataclasses.dataclass(frozen=True)
class PairCounts:
    """Faces that were rendered with and without a cue, their subjects, and the seeds."""

    faces: int
    subjects: int
    seeds: int


@dataclasses.dataclass(frozen=True)
class CueFaithfulness:
    """Pairs of one cue; `figures` by `faithfulness.CUE_MEASURES`."""

    counts: FaceCounts
    figures: Figures


@dataclasses.dataclass(frozen=True)
class CellFaithfulness(Cell):
    """How score and explanation change when a cue is taken out of the image; means over seeds.

    `figures` by `faithfulness.MEASURES`: log-odds and "agreement" (a correlation) are no shares. `cues` by cue.
    """

    counts: PairCounts
    figures: Figures
    cues: dict[str, CueFaithfulness]


@dataclasses.dataclass(frozen=True)
class Faithfulness:
    """faithfulness.json: the cells of the stage `counterfactual`."""

    cells: dict[str, CellFaithfulness]


@dataclasses.dataclass(frozen=True)
class ExplanationCounts:
    """Explained faces, their subjects, and the seeds."""

    explanations: int
    subjects: int
    seeds: int


@dataclasses.dataclass(frozen=True)
class ChannelAgreement:
    """One reader on one variant of the texts: `read` explanations a seed.

    `figures`: "accuracy", "hter" and "undecided", shares; "disagreement" with the head, a share of the decided; "kappa" with the
    first reader, in [-1, 1], missing for that reader itself.
    """

    read: int
    figures: Figures


@dataclasses.dataclass(frozen=True)
class CellAgreement(Cell):
    """Readers, the head and each other, by frame; means over seeds.

    `channels`: by reader ("lexical") and reader with variant ("lexical_cut", "lexical_flipped"). `unparsed`: the share of
    explanations that do not have the form of the run's captions; None where these have no form.
    """

    counts: ExplanationCounts
    channels: dict[str, ChannelAgreement]
    unparsed: float | None


@dataclasses.dataclass(frozen=True)
class VerdictAgreement:
    """verdict_agreement.json: every cell."""

    cells: dict[str, CellAgreement]
