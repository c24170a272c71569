"""Which caption sets teach to write chains in tags, and what Yes means where such a chain concludes."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from fasrepro.captions.sets import Sets, lookup, reads_as
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class TaggedChains:
    """What a stage needs to know beforehand of a job that writes chains in tags.

    Args:
        protocol: that the job is trained on.
        conclusion_yes: what Yes means at the end of its chains, a value of `Verdict`.
    """

    protocol: str
    conclusion_yes: str


def conclusion_yes(sets: Sets, mix: Collection[str]) -> Verdict | None:
    """Return what Yes means in the conclusions of a mix of sets (see `sets.check_mix`); None unless all conclude in a tag.

    Args:
        sets: all that there are.
        mix: names of those that a run is trained on.
    """
    meanings = {STYLES[_concluded_style(sets, name)].conclusion_yes for name in mix}
    return meanings.pop() if len(meanings) == 1 else None


def _concluded_style(sets: Sets, name: str) -> str:
    """Return the style whose conclusion a set's captions have: a control that drops or turns tags keeps that of its source."""
    parents = lookup(sets, name).parents
    return reads_as(sets, name) or _concluded_style(sets, parents[0])
