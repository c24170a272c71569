"""Which mixes of caption sets conclude in a tag, and what Yes means there."""

from __future__ import annotations

import pytest

from fasrepro.captions.sets import CaptionSet
from fasrepro.captions.tagged_chains import conclusion_yes
from fasrepro.rows.captions import Verdict

SETS = {
    "reasoning": CaptionSet("reasoning", "annotator"),
    "prose": CaptionSet(derived="prose", of="reasoning"),
    "neutral": CaptionSet("neutral", "annotator"),
    "gold": CaptionSet("cot", "annotator"),
    "turned": CaptionSet("cot", "annotator", conclusion_yes="attack"),
    "exchanged": CaptionSet(derived="exchanged", of="gold"),
    "reversed": CaptionSet(derived="reversed", of="gold"),
    "no_reasoning": CaptionSet(derived="no_reasoning", of="gold"),
    "neutral_chain": CaptionSet(derived="neutral_chain", of="neutral"),
    "both": CaptionSet(joined=["gold", "exchanged"]),
}


@pytest.mark.parametrize(
    "mix", [["gold"], ["exchanged"], ["reversed"], ["no_reasoning"], ["neutral_chain"], ["both"], ["gold", "both"]]
)
def test_chains_in_tags_conclude_as_those_they_are_made_from(mix: list[str]) -> None:
    assert conclusion_yes(SETS, mix) is Verdict.BONA_FIDE


def test_a_set_can_turn_round_what_yes_means() -> None:
    assert conclusion_yes(SETS, ["turned"]) is Verdict.ATTACK


@pytest.mark.parametrize("mix", [[], ["reasoning"], ["prose"], ["neutral"], ["gold", "reasoning"]])
def test_a_mix_with_captions_that_end_without_a_tag_has_no_such_place(mix: list[str]) -> None:
    assert conclusion_yes(SETS, mix) is None
