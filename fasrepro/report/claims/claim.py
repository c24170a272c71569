"""What a claim is: a statement about two runs, and the results that test it."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.results import HEAD

READERS = "readers"
CAPTION_MODELS = "caption models"  # the channel of what they write and conclude
OWN_CONTROL = "C-"  # begins the id of a control of ours


@dataclasses.dataclass(frozen=True)
class Claim:
    """A statement that `run` does better than `baseline`.

    Args:
        id: "P1-1" for paper 1's first claim, "C-1" for our first control.
        text: the claim in words.
        run: the run that the claim is about.
        baseline: the run that it is compared with.
        beside: further pairs of run and baseline, whose rows follow and decide nothing.
        test: which results test it, a key of `ledger.TESTS`; "none" if no result can, "not run" if no stage makes its runs.
        channel: the head's scores, every reader's verdicts, or caption models.
        metric: "" for the ledger's own.
        level: "video" or "frame".
        also: further metrics, each with its level, whose means over protocols are reported.
        targets: the data sets that it is tested on.
        groups: attributes and groups of fairness.json that it is about; a group "" is every group.
        protocols: those that it is tested on; empty for all that test the targets.
        profile: the profile that trains its runs, where the default does not.
        second: the same claim by another measure, whose rows follow and decide nothing.
        published: ids of the paper's figures for baseline and run.
        published_cell: the cell that these figures are about; "" for the mean over all.
        worse: whether the claim is that the run does *worse*.
        family: the claims that its p is adjusted with; "" of a claim that gets no verdict.
        reason: why no result tests it; ``{id}`` stands for a published figure.
    """

    id: str
    text: str
    run: str = ""
    baseline: str = ""
    beside: tuple[tuple[str, str], ...] = ()
    test: str = "paired"
    channel: str = HEAD
    metric: str = ""
    level: str = "video"
    also: tuple[tuple[str, str], ...] = ()
    targets: tuple[str, ...] = ()
    groups: tuple[tuple[str, str], ...] = ()
    protocols: tuple[str, ...] = ()
    profile: str = ""
    second: Claim | None = None
    published: tuple[str, ...] = ()
    published_cell: str = ""
    worse: bool = False
    family: str = ""
    reason: str = ""

    @property
    def is_control(self) -> bool:
        """Whether it is a control of ours, which has nothing to reproduce."""
        return self.id.startswith(OWN_CONTROL)
