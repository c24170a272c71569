"""People and sittings: pure functions of their seeds, as their tables say."""

import dataclasses

import pytest

from fasrepro.simulation.drawing import people


def test_a_person_is_a_function_of_the_seed() -> None:
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
    person = dataclasses.replace(people.draw_person(1), skin="brown")
    assert people.attributes(person, people.draw_sitting(1))["monk"] == "7"


@pytest.mark.parametrize("name", people.PEOPLE)
def test_a_population_has_the_shares_of_its_table(name: str) -> None:
    ranges = people.PEOPLE[name]
    drawn = [people.draw_person(seed, ranges) for seed in range(1500)]
    for index, tone in enumerate(people.SKIN):
        share = sum(person.skin == tone for person in drawn) / len(drawn)
        assert abs(share - ranges.tones[index] / sum(ranges.tones)) < 0.035, tone
    assert abs(sum(person.glasses != "none" for person in drawn) / len(drawn) - ranges.glasses) < 0.04
    assert abs(sum(person.cover != "none" for person in drawn) / len(drawn) - ranges.cover) < 0.03
    assert abs(sum(person.age >= 0.68 for person in drawn) / len(drawn) - ranges.old) < 0.04
    assert {person.cover for person in drawn} == {"none", *people.COVERS}
    assert {person.style for person in drawn} == {"none", *people.STYLES}
    assert {person.beard for person in drawn} == {"none", *people.BEARDS}


def test_covered_hair_is_no_attribute() -> None:
    person = dataclasses.replace(people.draw_person(3), cover="turban", cover_colour="red", style="short")
    words = people.attributes(person, people.draw_sitting(4))
    assert "hair" not in words
    assert words["cover"] == "red turban"
    with_cap = people.attributes(dataclasses.replace(person, cover="cap"), people.draw_sitting(4))
    assert with_cap["hair"] == f"short {person.hair}"


def test_sittings_use_every_light_background_and_wall() -> None:
    drawn = [people.draw_sitting(seed) for seed in range(300)]
    assert {sitting.light for sitting in drawn} == set(people.LIGHTS) == set(people.HARDNESS)
    assert {sitting.background for sitting in drawn} == set(people.BACKGROUNDS)
    assert {sitting.wall for sitting in drawn} == set(people.WALLS)
    assert all(0 <= sitting.mouth <= 0.9 and abs(sitting.turn) <= 0.9 and abs(sitting.nod) <= 0.8 for sitting in drawn)
