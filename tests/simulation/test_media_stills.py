"""Stills for the foundation: what their captions may say, and that both foundations see the same pictures."""

from __future__ import annotations

import re

import numpy as np
import pytest

from fasrepro import vocabulary
from fasrepro.simulation import media_stills
from fasrepro.simulation.effects import SHEET_EFFECTS
from fasrepro.simulation.media_stills import Still

# Words about who is in front of the camera, of either label.
LIVENESS = r"\b(live|real|genuine|bona fide|fake|false person|spoof\w*|attack\w*|face\w*|mask\w*|person|skin|replay\w*)\b"


@pytest.fixture(scope="module")
def stills() -> list[Still]:
    return media_stills.captioned_stills(range(400), size=48)


def every_wording() -> list[str]:
    tables = (media_stills.EFFECT_WORDS, media_stills.MEDIUM_WORDS, media_stills.SCENE_WORDS)
    return [text for table in tables for texts in table.values() for text in texts]


def test_no_caption_names_a_cue_or_says_who_is_there(stills: list[Still]) -> None:
    for text in [*every_wording(), *(still.media_caption for still in stills), *(still.plain_caption for still in stills)]:
        assert vocabulary.named_cues(text) == [], text
        assert not re.search(LIVENESS, text, re.IGNORECASE), text


def test_a_plain_caption_names_no_medium_and_no_texture(stills: list[Still]) -> None:
    media_words = [
        text for table in (media_stills.EFFECT_WORDS, media_stills.MEDIUM_WORDS) for texts in table.values() for text in texts
    ]
    for still in stills:
        assert not any(text in still.plain_caption for text in media_words)
        assert still.media_caption.startswith(still.plain_caption.removesuffix("."))
    assert 0.15 < np.mean([still.media_caption == still.plain_caption for still in stills]) < 0.35  # seen directly


def test_every_effect_of_a_medium_has_words_and_is_drawn(stills: list[Still]) -> None:
    drawn = {name for names in media_stills.EFFECTS_OF.values() for name in names}
    assert drawn == media_stills.EFFECT_WORDS.keys() == SHEET_EFFECTS.keys() - {"cut_eyes"}
    text = " ".join(still.media_caption.lower() for still in stills)
    assert all(any(words in text for words in media_stills.EFFECT_WORDS[name]) for name in drawn)


def test_a_still_is_a_pure_function_of_its_seed() -> None:
    one, again, other = (media_stills.draw_still(seed, 96) for seed in (3, 3, 4))
    assert one.picture.shape == (96, 96, 3) and one.picture.dtype == np.uint8
    assert np.array_equal(one.picture, again.picture) and one.media_caption == again.media_caption
    assert not np.array_equal(one.picture, other.picture)
