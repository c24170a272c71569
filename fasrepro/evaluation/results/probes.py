"""probes.json, which the stage `probes` writes: which cues the frozen backbone can see."""

from __future__ import annotations

import dataclasses


@dataclasses.dataclass(frozen=True)
class ProbeBounds:
    """How many pairs the stage `probes` draws, and what an instrument that sees should reach.

    Args:
        fitted: pairs of each cue that its probe is fitted on.
        tested: pairs of each cue, of other people, that it is tested on.
        min_pairs: the share of pairs that each cue's probe should order rightly.
        min_mean_pairs: the same on average over cues.
        max_shuffled_pairs: the same on average for probes that are fitted on shuffled labels: more would be a leak.
        min_attack_auc: what a probe for attacks should reach on unseen people.
        described: new faces, and as many new stills, that the language model is asked about.
    """

    fitted: int
    tested: int
    min_pairs: float
    min_mean_pairs: float
    max_shuffled_pairs: float
    min_attack_auc: float
    described: int


@dataclasses.dataclass(frozen=True)
class CueProbe:
    """How well a probe sees one cue at one site.

    Args:
        pairs: the share of tested pairs in which the picture with the cue gets the higher margin; a tie counts half.
        shuffled_pairs: the same for probes that are fitted on shuffled labels.
        auc: of a probe that is fitted on the archives' train faces, on the faces of other people; None where too few show it.
    """

    pairs: float
    shuffled_pairs: float
    auc: float | None


@dataclasses.dataclass(frozen=True)
class SiteProbes:
    """Probes of the states at one site; `attack_auc` is of a probe for attacks, on faces of unseen people, None with too few."""

    attack_auc: float | None
    cues: dict[str, CueProbe]


@dataclasses.dataclass(frozen=True)
class NamedEffects:
    """The effects of paper and screens that greedy texts about new stills name.

    Args:
        precision: the share of named effects that the still shows; None where none is named.
        recall: the share of shown effects that are named.
        another_recall: the share of shown effects that the text about another still names, which is what a blind one reaches.
    """

    precision: float | None
    recall: float
    another_recall: float


@dataclasses.dataclass(frozen=True)
class Reading:
    """What the language model reads of new pictures, which the pretraining has not shown.

    Args:
        own_picture: by kind of picture, the share of descriptions that are likelier with their own picture than with another.
        effects: that its texts about stills name.
    """

    own_picture: dict[str, float]
    effects: NamedEffects


@dataclasses.dataclass(frozen=True)
class Probes:
    """probes.json.

    Args:
        tested_pairs: by cue.
        invisible_pairs: by cue, the share of tested pairs whose difference does not survive camera, codec and crop.
        sites: by their names in `models.states.SITES`.
        reading: of the language model.
        zero_shot_auc: of the untrained model's preference for the captions' one conclusion over the other, by data set.
        bounds: of this run.
    """

    tested_pairs: dict[str, int]
    invisible_pairs: dict[str, float]
    sites: dict[str, SiteProbes]
    reading: Reading
    zero_shot_auc: dict[str, float]
    bounds: ProbeBounds
