"""People: pure functions of their seeds; captions that name what is there and never speak of an attack."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.cues import CUES, named_cues
from fasrepro.synthetic import drawing, people

# Words of the cues' phrasings that any description of a picture may use.
WORDS = """a an the and of on from like as in at to by over around across with without that is it its where two face
skin nose chin cheeks light bright dark pale white black coloured background picture shape fine regular straight even evenly
falls shadows"""
EVERYDAY = set(WORDS.split())
FORBIDDEN = (
    {word for cue in CUES.values() for phrasing in cue.phrasings for word in re.findall(r"[a-z]+", phrasing)} - EVERYDAY
) | {
    "fake",
    "spoof",
    "attack",
    "real",
    "live",
    "genuine",
    "photo",
    "display",
    "moire",
    "paper",
    "screen",
    "print",
    "glare",
    "bezel",
}


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 2**63))
@settings(max_examples=300)
def test_captions_hold_no_word_of_an_attack(one: int, two: int, three: int) -> None:
    words = people.attributes(people.person(one) if one % 5 else None, people.sitting(two))
    text = people.describe(words, three)
    assert not set(re.findall(r"[a-z]+", text.lower())) & FORBIDDEN
    assert named_cues(text) == []
    assert 1 < len(re.findall(r"\.(?: |$)", text)) <= 3
    assert text == people.describe(words, three)


def test_the_forbidden_words_are_those_of_the_issue() -> None:
    assert {"moire", "paper", "screen", "print", "glare", "bezel", "fake", "printer", "dots", "tablet", "reflection"} <= FORBIDDEN


def test_a_caption_says_what_the_attributes_say() -> None:
    words = people.attributes(people.person(3), people.sitting(4)) | {"glasses": "thick", "beard": "moustache"}
    text = people.describe(words, 0)
    assert words["skin_tone"] in text
    assert "thick glasses" in text
    assert "a moustache" in text
    assert words["expression"] in text
    assert len({people.describe(words, seed) for seed in range(50)}) >= 20


def test_a_person_is_a_function_of_the_seed_and_two_seeds_differ() -> None:
    assert people.person(5) == people.person(5)
    assert people.person(5) != people.person(6)
    assert people.seed_of("foundation", 1) != people.seed_of("archive", 1)


def test_a_face_keeps_its_identity_between_sittings() -> None:
    """Two pictures of one person are nearer to each other than pictures of two people, on average, in their features."""
    place, frontal = drawing.Place(60, 62, 42), {"light": "front", "turn": 0.0, "tilt": 0.0, "smile": 0.0}
    pictures = []
    for who in range(6):
        row = []
        for seed in range(2):
            sitting = people.dataclasses.replace(people.sitting(seed), **frontal)
            row.append(drawing.figure(people.person(who), sitting, 120, 120, place).rgb[25:110, 20:100])
        pictures.append(row)
    same = np.mean([np.abs(a - b).mean() for a, b in pictures])
    other = np.mean([np.abs(pictures[i][0] - pictures[j][1]).mean() for i in range(6) for j in range(6) if i != j])
    assert same < 0.5 * other


@pytest.mark.parametrize("seed", range(4))
def test_a_figure_lies_where_it_was_placed(seed: int) -> None:
    figure = drawing.figure(people.person(seed), people.sitting(seed), 180, 240, drawing.Place(130, 85, 42))
    x, y, width, height = figure.box
    assert abs(x + width / 2 - 130) < 1
    assert 80 <= width <= 86
    assert 80 <= height <= 115
    left, _, right, _ = figure.eyes
    assert x < left < x + width / 2 < right < x + width
    # OULU-NPU's rule rests on this: eyes about 0.44 of a face's width apart
    assert 0.38 < (right - left) / width < 0.49
    assert figure.alpha[85, 130] == 1
    assert figure.alpha[5, 5] == 0
    assert np.abs(figure.rgb - figure.closed)[: int(y)].max() == 0
    assert np.abs(figure.rgb - figure.closed).max() > 0.2
