"""encoder_gains.json: what the encoder of a trained model holds that the foundation's does not, and where its score looks."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import FaceCounts, Figure


@dataclasses.dataclass(frozen=True)
class EncoderSettings:
    """How much of each job is measured: params.yaml's `encoders`.

    Args:
        fitted: presentations of the sources' train people that probes are fitted on, at most; one face each.
        tested: presentations of dev, and of each target, at most; one face each.
        pictures: attacks of the targets whose saliency is mapped.
        patches: a side of the picture that are occluded, one after another.
        shown: pictures whose maps are kept for the page.
    """

    fitted: int
    tested: int
    pictures: int
    patches: int
    shown: int


@dataclasses.dataclass(frozen=True)
class Gain:
    """AUC of one question, of the foundation's encoder and of the trained one; `gain` is the trained one's minus the other."""

    foundation: Figure
    trained: Figure
    gain: Figure


@dataclasses.dataclass(frozen=True)
class GroupGains:
    """Probes on the dev people of the sources, or on the test people of one target.

    Args:
        counts: of the faces.
        attack: attack against bona fide, among all faces; None where people of one of the two are too few.
        cues: mean over `by_cue`; None where there is none.
        by_cue: with the cue against without it, among attacks.
    """

    counts: FaceCounts
    attack: Gain | None
    cues: Gain | None
    by_cue: dict[str, Gain]


@dataclasses.dataclass(frozen=True)
class Inside:
    """Where the saliency of one score lies; means over pictures.

    Args:
        share: of the saliency inside the cues' regions.
        excess: that share minus the regions' share of the area.
        unmoved: pictures in which no occlusion lowers the score, so that they have no share; mean over seeds.
    """

    share: Figure
    excess: Figure
    unmoved: float


@dataclasses.dataclass(frozen=True)
class Saliency:
    """Saliency of attacks whose cues' regions are known.

    Args:
        counts: of the pictures.
        area: the regions' share of the area, mean over pictures: what a map without any preference would reach.
        by_score: by the names in `analyses.saliency.SCORES`.
        regions: of the pictures that the page shows, by face_id: each patch's share inside the regions; (patches, patches).
        maps: of the same pictures, by score and face_id: each patch's share of the saliency, of the first seed.
    """

    counts: FaceCounts
    area: float
    by_score: dict[str, Inside]
    regions: dict[str, list[list[float]]]
    maps: dict[str, dict[str, list[list[float]]]]


@dataclasses.dataclass(frozen=True)
class TrainedEncoder:
    """A run on a protocol; means over seeds.

    Args:
        protocol: its name.
        run: its name.
        seeds: of its trainings.
        groups: "dev" and the targets.
        saliency: None where no region is known.
    """

    protocol: str
    run: str
    seeds: list[int]
    groups: dict[str, GroupGains]
    saliency: Saliency | None


@dataclasses.dataclass(frozen=True)
class EncoderGains:
    """encoder_gains.json: `cells` by protocol and run, such as "oci_m-vanilla"."""

    cells: dict[str, TrainedEncoder]
    settings: EncoderSettings
