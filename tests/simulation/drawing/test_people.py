"""People: pure functions of their seeds; captions that name what is there and never speak of an attack."""

import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro.simulation import cameras
from fasrepro.simulation.drawing import people
from fasrepro.vocabulary import CUES, HARMLESS, named_cues

# Words of the cues' phrasings that any description of a picture may use.
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
def test_captions_hold_no_word_of_an_attack(one: int, two: int, three: int) -> None:
    words = people.attributes(people.draw_person(one) if one % 5 else None, people.draw_sitting(two))
    text = people.describe(words, three)
    assert not set(re.findall(r"[a-z]+", text.lower())) & FORBIDDEN
    assert named_cues(text) == []
    assert 1 < len(re.findall(r"\.(?: |$)", text)) <= 3
    assert text == people.describe(words, three)


@given(st.sets(st.sampled_from(sorted(HARMLESS))), st.integers(0, 2**63))
def test_harmless_things_and_the_camera_are_spoken_of_without_a_word_of_an_attack(harmless: set[str], seed: int) -> None:
    shot = cameras.draw(cameras.ANY, np.random.default_rng(seed))
    words = people.attributes(people.draw_person(seed), people.draw_sitting(seed))
    text = people.describe(words | {"harmless": " ".join(sorted(harmless)), **cameras.words(shot)}, seed)
    assert not set(re.findall(r"[a-z]+", text.lower())) & SPOOFING
    assert named_cues(text) == []
    assert all(any(phrase in text for phrase in HARMLESS[name]) for name in harmless)
    assert "its colours are" in text


def test_the_forbidden_words_are_those_of_the_issue() -> None:
    assert {"moire", "paper", "screen", "print", "glare", "bezel", "fake", "printer", "dots", "tablet", "reflection"} <= FORBIDDEN


def test_a_caption_says_what_the_attributes_say() -> None:
    words = people.attributes(people.draw_person(3), people.draw_sitting(4)) | {"glasses": "thick", "beard": "moustache"}
    text = people.describe(words, 0)
    assert words["skin_tone"] in text
    assert "thick glasses" in text
    assert "a moustache" in text
    assert words["expression"] in text
    assert len({people.describe(words, seed) for seed in range(50)}) >= 20


def test_a_person_is_a_function_of_the_seed_and_two_seeds_differ() -> None:
    assert people.draw_person(5) == people.draw_person(5)
    assert people.draw_person(5) != people.draw_person(6)
    assert people.seed_of("foundation", 1) != people.seed_of("archive", 1)


def test_the_skin_tones_are_the_ten_steps_of_monks_scale() -> None:
    """The published colours: skintone.google. Drawn skin is darker towards the end, and redder than it is blue."""
    assert " ".join(people.MONK.values()) == ("#f6ede4 #f3e7db #f7ead0 #eadaba #d7bd96 #a07e56 #825c43 #604134 #3a312a #292420")
    assert list(people.SKIN) == list(people.MONK) == list(people.HAIR_OF)
    assert all(red > green > blue for red, green, blue in people.SKIN.values())
    levels = [sum(colour) for colour in people.SKIN.values()]
    assert levels[3:] == sorted(levels[3:], reverse=True)
    who = people.dataclasses.replace(people.draw_person(1), skin="brown")
    assert people.attributes(who, people.draw_sitting(1))["monk"] == "7"


@pytest.mark.parametrize("name", people.PEOPLE)
def test_a_population_is_what_its_table_says(name: str) -> None:
    ranges = people.PEOPLE[name]
    drawn = [people.draw_person(seed, ranges) for seed in range(1500)]
    for index, tone in enumerate(people.SKIN):
        share = sum(who.skin == tone for who in drawn) / len(drawn)
        assert abs(share - ranges.tones[index] / sum(ranges.tones)) < 0.035, tone
    assert abs(sum(who.glasses != "none" for who in drawn) / len(drawn) - ranges.glasses) < 0.04
    assert abs(sum(who.cover != "none" for who in drawn) / len(drawn) - ranges.cover) < 0.03
    assert abs(sum(who.age >= 0.68 for who in drawn) / len(drawn) - ranges.old) < 0.04
    assert {who.cover for who in drawn} == {"none", *people.COVERS}
    assert {who.style for who in drawn} == {"none", *people.STYLES}
    assert {who.beard for who in drawn} == {"none", *people.BEARDS}


def test_hair_that_is_covered_is_not_spoken_of() -> None:
    who = people.dataclasses.replace(people.draw_person(3), cover="turban", cover_colour="red", style="short")
    words = people.attributes(who, people.draw_sitting(4))
    assert "hair" not in words
    assert words["cover"] == "red turban"
    assert "a red turban" in people.describe(words, 1)
    bare = people.attributes(people.dataclasses.replace(who, cover="cap"), people.draw_sitting(4))
    assert bare["hair"] == f"short {who.hair}"


def test_a_sitting_takes_every_light_and_background() -> None:
    drawn = [people.draw_sitting(seed) for seed in range(300)]
    assert {where.light for where in drawn} == set(people.LIGHTS) == set(people.HARDNESS)
    assert {where.background for where in drawn} == set(people.BACKGROUNDS)
    assert {where.wall for where in drawn} == set(people.WALLS)
    assert all(0 <= where.mouth <= 0.9 and abs(where.turn) <= 0.9 and abs(where.nod) <= 0.8 for where in drawn)
