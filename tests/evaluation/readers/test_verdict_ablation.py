"""Explanations without their verdict, and with the opposite one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions.styles import VERDICTS
from fasrepro.evaluation.readers import lexical, verdict_ablation
from fasrepro.rows.captions import Verdict

STEPS = (
    "Initial observation: We see a young person.\n"
    "Artifact detection: I see a moire pattern over the face here. One can see dots.\n"
    "Final judgment: All this speaks for a video played on a screen. This is a presentation attack."
)
LIVE = (
    "We see an old person. The skin has natural texture. It looks like a live person in front of the camera."
    f" {VERDICTS[Verdict.BONA_FIDE]}"
)


def test_cutting_keeps_the_observations() -> None:
    assert verdict_ablation.cut(STEPS) == (
        "Initial observation: We see a young person.\n"
        "Artifact detection: I see a moire pattern over the face here. One can see dots."
    )
    assert verdict_ablation.cut(LIVE) == "We see an old person. The skin has natural texture."
    assert verdict_ablation.cut("") == ""
    assert verdict_ablation.cut("Final judgment: This is a spoof.") == ""


def test_flipping_reverses_a_verdict_and_invents_none() -> None:
    assert verdict_ablation.flipped(STEPS, VERDICTS).endswith("One can see dots. This is a bona fide face.")
    assert verdict_ablation.flipped(LIVE, VERDICTS) == (
        "We see an old person. The skin has natural texture. This is a presentation attack."
    )
    assert verdict_ablation.flipped("A person with brown hair.", VERDICTS) == "A person with brown hair."
    for text in (STEPS, LIVE):
        assert {lexical.read(text), lexical.read(verdict_ablation.flipped(text, VERDICTS))} == {Verdict.ATTACK, Verdict.BONA_FIDE}


@given(st.text(alphabet=st.sampled_from("ab .!?:\nThis a spoof"), max_size=80))
def test_cutting_twice_changes_nothing(text: str) -> None:
    once = verdict_ablation.cut(text)
    assert verdict_ablation.cut(once) == once


@pytest.mark.parametrize(("variant", "name"), [("whole", "lexical"), ("cut", "lexical_cut"), ("flipped", "lexical_flipped")])
def test_a_channel_is_named_after_reader_and_variant(variant: str, name: str) -> None:
    assert verdict_ablation.channel("lexical", variant) == name
    assert variant in verdict_ablation.variants(VERDICTS)
