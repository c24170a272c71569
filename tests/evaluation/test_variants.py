from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions.styles import VERDICTS
from fasrepro.evaluation import lexical, variants
from fasrepro.records import Verdict

STEPS = (
    "Initial observation: We see a young person.\n"
    "Artifact detection: I see a moire pattern over the face here. One can see dots.\n"
    "Final judgment: All this speaks for a video played on a screen. This is a presentation attack."
)
LIVE = (
    "We see an old person. The skin has natural texture. It looks like a live person in front of the camera."
    f" {VERDICTS[Verdict.BONA_FIDE]}"
)


def test_a_text_is_cut_to_what_is_seen() -> None:
    assert variants.cut(STEPS) == (
        "Initial observation: We see a young person.\n"
        "Artifact detection: I see a moire pattern over the face here. One can see dots."
    )
    assert variants.cut(LIVE) == "We see an old person. The skin has natural texture."
    assert variants.cut("") == ""
    assert variants.cut("Final judgment: This is a spoof.") == ""


def test_a_verdict_is_turned_and_none_is_made_up() -> None:
    assert variants.flipped(STEPS, VERDICTS).endswith("One can see dots. This is a bona fide face.")
    assert variants.flipped(LIVE, VERDICTS) == (
        "We see an old person. The skin has natural texture. This is a presentation attack."
    )
    assert variants.flipped("A person with brown hair.", VERDICTS) == "A person with brown hair."
    for text in (STEPS, LIVE):
        assert {lexical.read(text), lexical.read(variants.flipped(text, VERDICTS))} == {Verdict.ATTACK, Verdict.BONA_FIDE}


@given(st.text(alphabet=st.sampled_from("ab .!?:\nThis a spoof"), max_size=80))
def test_cutting_twice_cuts_nothing_more(text: str) -> None:
    once = variants.cut(text)
    assert variants.cut(once) == once


@pytest.mark.parametrize(("variant", "name"), [("whole", "lexical"), ("cut", "lexical_cut"), ("flipped", "lexical_flipped")])
def test_a_channel_is_named_after_reader_and_variant(variant: str, name: str) -> None:
    assert variants.channel("lexical", variant) == name
    assert variant in variants.made(VERDICTS)
