"""read_out_figures.json: a detector's verdict as its answer to the label question, and at the Conclusion of a chain.

The stage `read_out_figures` writes it. A chain belongs to one face: all figures are by face, one face a presentation.
"""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results.shared import Cell, Counts, Figures

ANSWER, CHAIN, SAMPLED = "answer", "chain", "sampled_chains"
READ_OUTS = (ANSWER, CHAIN, SAMPLED)  # the label question's; behind the greedy chain; the mean behind several sampled ones
BY_IMAGE, BY_CHAIN, FOLLOWS_IMAGE = "by_image", "by_chain", "follows_image"


@dataclasses.dataclass(frozen=True)
class ReadOutSettings:
    """Which chains are read: params.yaml's `read_outs`.

    Args:
        samples: chains that are sampled about each face, beside the greedy one.
        temperature: of the samples.
        dev_faces: of the sources' dev people, as many of each label of each source; thresholds are chosen on them.
    """

    samples: int
    temperature: float
    dev_faces: int


@dataclasses.dataclass(frozen=True)
class ChainCounts:
    """Chains over all seeds, and how many of them have no Conclusion, so that nothing can be read there."""

    chains: int
    unfinished: int
    samples: int
    unfinished_samples: int


@dataclasses.dataclass(frozen=True)
class ReadOuts:
    """Figures of the read-outs; means over seeds.

    Args:
        by_read_out: "hter" at the read-out's own dev threshold, and "auc", by name of `READ_OUTS`.
        differences: of the same figures, minus those of `ANSWER`, by name of the other read-outs.
        disagreement: the share of faces that two read-outs decide differently, each at its threshold, by names such as
            "answer/chain".
        forced: of images with another subject's chain: mean P(attack) by the labels of image and chain, such as
            "bona_fide/attack"; `BY_IMAGE`, `BY_CHAIN`: the differences between the labels of images, and of chains; and
            `FOLLOWS_IMAGE`: of pairs of two labels, the share in which the decision is the image's label.
    """

    by_read_out: dict[str, Figures]
    differences: dict[str, Figures]
    disagreement: Figures
    forced: Figures


@dataclasses.dataclass(frozen=True)
class CellReadOuts(Cell):
    """A run on one target.

    Args:
        seeds: of its trainings.
        counts: of the faces. Figures leave out, for each seed, faces without a finished greedy and a finished sampled chain.
        chains: about those faces.
        pairs: of an image and another subject's chain, over all seeds.
        figures: of the target.
    """

    seeds: list[int]
    counts: Counts
    chains: ChainCounts
    pairs: int
    figures: ReadOuts


@dataclasses.dataclass(frozen=True)
class RunReadOuts:
    """A run on all targets of a protocol.

    Args:
        protocol: that it is trained on.
        run: its name.
        seeds: of its trainings.
        targets: whose figures are averaged, each weighing the same.
        dev: chains about the dev people on whom thresholds are chosen.
        figures: means over the targets. One that a target does not have is the mean of the others.
    """

    protocol: str
    run: str
    seeds: list[int]
    targets: list[str]
    dev: ChainCounts
    figures: ReadOuts


@dataclasses.dataclass(frozen=True)
class ReadOutFigures:
    """read_out_figures.json: cells, and runs by protocol and run ("two_to_eleven-cepl"); empty where no run qualifies."""

    cells: dict[str, CellReadOuts]
    runs: dict[str, RunReadOuts]
    settings: ReadOutSettings
