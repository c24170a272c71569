"""Neutral captions: they state the attributes, and name no attack."""

import dataclasses
import re

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.simulation import cameras
from fasrepro.simulation.descriptions import describe
from fasrepro.simulation.drawing import people
from fasrepro.vocabulary import CUES, HARMLESS, named_cues

# Words of the cues' phrasings that any description may use.
WORDS = """a an the and of on from like as in at to by over around across with without that is it its where two face
skin nose chin cheeks light bright dark pale white black coloured background picture shape fine regular straight even evenly
falls shadows behind eyes grey side open glasses soft thick blue forehead both red"""
EVERYDAY = set(WORDS.split())
SPOOFING = {
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
FORBIDDEN = SPOOFING | (
    {word for cue in CUES.values() for phrasing in cue.phrasings for word in re.findall(r"[a-z]+", phrasing)} - EVERYDAY
)


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.integers(0, 2**63))
@settings(max_examples=300)
def test_captions_name_no_attack(one: int, two: int, three: int) -> None:
    words = people.attributes(people.draw_person(one) if one % 5 else None, people.draw_sitting(two))
    text = describe(words, three)
    assert not set(re.findall(r"[a-z]+", text.lower())) & FORBIDDEN
    assert named_cues(text) == []
    assert 1 < len(re.findall(r"\.(?: |$)", text)) <= 3
    assert text == describe(words, three)


@given(st.sets(st.sampled_from(sorted(HARMLESS))), st.integers(0, 2**63))
def test_captions_of_harmless_things_and_cameras_name_no_attack(harmless: set[str], seed: int) -> None:
    shot = cameras.draw(cameras.ANY, np.random.default_rng(seed))
    words = people.attributes(people.draw_person(seed), people.draw_sitting(seed))
    text = describe(words | {"harmless": " ".join(sorted(harmless)), **cameras.words(shot)}, seed)
    assert not set(re.findall(r"[a-z]+", text.lower())) & SPOOFING
    assert named_cues(text) == []
    assert all(any(phrase in text for phrase in HARMLESS[name]) for name in harmless)
    assert "its colours are" in text


def test_the_forbidden_words_include_the_vocabulary_of_attacks() -> None:
    assert {"moire", "paper", "screen", "print", "glare", "bezel", "fake", "printer", "dots", "tablet", "reflection"} <= FORBIDDEN


def test_a_caption_states_its_attributes() -> None:
    words = people.attributes(people.draw_person(3), people.draw_sitting(4)) | {"glasses": "thick", "beard": "moustache"}
    text = describe(words, 0)
    assert words["skin_tone"] in text
    assert "thick glasses" in text
    assert "a moustache" in text
    assert words["expression"] in text
    assert len({describe(words, seed) for seed in range(50)}) >= 20


def test_a_head_cover_is_described() -> None:
    person = dataclasses.replace(people.draw_person(3), cover="turban", cover_colour="red")
    assert "a red turban" in describe(people.attributes(person, people.draw_sitting(4)), 1)
