"""Controls: what each keeps of a caption, and what it lacks."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.captions import checks, controls
from fasrepro.captions.styles import OF_LABEL, STYLES, VERDICTS
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.simulation.annotator.annotator import WRITERS
from fasrepro.simulation.annotator.templates import Dice
from tests.annotated_world import World


@pytest.fixture(scope="module")
def captions(world: World) -> dict[str, list[Caption]]:
    """What the annotator writes about each face, told the label, in the styles that controls are derived from."""
    annotator, truths = world.annotator(), {truth.face_id: truth for truth in world.truths}
    made: dict[str, list[Caption]] = {}
    for name in ("reasoning", "neutral"):
        style = STYLES[name]
        for face in world.faces:
            told = face.species if style.may_know_label else None
            reading = annotator._observe(face, truths[face.face_id], told, Dice((face.face_id,)))
            text = style.form.write(WRITERS[name](reading, Dice((face.face_id,))), reading.verdict)
            clean, verdict = checks.parse(style, text)
            caption = Caption(face.face_id, name, clean, verdict, "v1", "m", style.may_know_label, 1, "key")
            made.setdefault(name, []).append(caption)
    return made


def derived(name: str, world: World, captions: dict[str, list[Caption]]) -> dict[str, str]:
    rows = controls.derive(name, world.faces, captions[controls.CONTROLS[name].source])
    assert [row.face_id for row in rows] == [face.face_id for face in world.faces]
    assert {row.style for row in rows} == {name}
    return {row.face_id: row.text for row in rows}


@pytest.mark.parametrize("name", controls.CONTROLS)
def test_a_control_is_deterministic_and_states_the_true_verdict_or_none(
    name: str, world: World, captions: dict[str, list[Caption]]
) -> None:
    texts = derived(name, world, captions)
    assert texts == derived(name, world, captions)
    for face, row in zip(world.faces, controls.derive(name, world.faces, captions[controls.CONTROLS[name].source]), strict=True):
        assert row.text.endswith(VERDICTS[OF_LABEL[face.label]]) == (name != "random_words")
        assert row.verdict == (Verdict.UNDECIDED if name == "random_words" else OF_LABEL[face.label])


def test_prose_keeps_the_sentences_and_drops_the_headings(world: World, captions: dict[str, list[Caption]]) -> None:
    texts = derived("prose", world, captions)
    moved = 0
    for caption in captions["reasoning"]:
        text = texts[caption.face_id]
        assert not any(heading in text for heading in vocabulary.STEPS.values())
        assert "\n" not in text
        body = re.sub("|".join(f"{heading}: " for heading in vocabulary.STEPS.values()), "", caption.text).replace("\n", " ")
        assert Counter(text.split()) == Counter(body.split())
        moved += text != body
    assert moved > 0.9 * len(texts)


def test_shuffled_captions_are_exchanged_within_a_species(world: World, captions: dict[str, list[Caption]]) -> None:
    texts = derived("shuffled", world, captions)
    own = {caption.face_id: caption.text for caption in captions["reasoning"]}
    by_species = {face.species for face in world.faces}
    for species in by_species:
        faces = [face for face in world.faces if face.species == species]
        assert Counter(texts[face.face_id] for face in faces) == Counter(own[face.face_id] for face in faces)


def face(number: int, subject: int, presentation: int, species: str = "print") -> Face:
    label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
    name = f"msu/{species}/{subject}_{presentation}"
    return Face(f"{name}#{number:04d}", "msu", "train", f"msu/{subject}", name, number, label, species, "", "m",
                (0, 0, 9, 9), "sidecar", f"{number}.png", "")  # fmt: skip


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 2), st.sampled_from(["print", "bona_fide"])), min_size=2, unique=True)
)
def test_partners_are_of_the_same_species_and_if_possible_of_other_subjects(
    rows: list[tuple[int, int, str]],
) -> None:
    faces = [face(number, subject, video, kind) for subject, video, kind in rows for number in (4, 30)]
    by_id = {one.face_id: one for one in faces}
    found = controls.partners(faces, "shuffled")
    assert found == controls.partners(faces[::-1], "shuffled")
    assert sorted(other.face_id for other in found.values()) == sorted(by_id)
    for kind in {kind for _, _, kind in rows}:
        own = [one for one in faces if one.species == kind]
        subjects, videos = Counter(one.subject for one in own), Counter(one.presentation for one in own)
        for one in own:
            other = found[one.face_id]
            assert other.species == kind
            assert other.face_id != one.face_id
            if 2 * max(subjects.values()) <= len(own):
                assert other.subject != one.subject
            elif 2 * max(videos.values()) <= len(own):
                assert other.presentation != one.presentation


def test_a_face_alone_in_its_species_cannot_be_shuffled() -> None:
    with pytest.raises(controls.ControlError, match=r"print/1_0#0004: no other face of print in msu"):
        controls.partners([face(4, 1, 0), face(4, 2, 0, "bona_fide"), face(9, 2, 0, "bona_fide")], "shuffled")


def test_random_words_keep_number_and_vocabulary(world: World, captions: dict[str, list[Caption]]) -> None:
    texts = derived("random_words", world, captions)
    words = {word for caption in captions["reasoning"] for word in caption.text.split()}
    for caption in captions["reasoning"]:
        assert len(texts[caption.face_id].split()) == len(caption.text.split())
        assert set(texts[caption.face_id].split()) <= words
    assert len(set(texts.values())) == len(texts)


def test_random_words_come_from_the_same_data_set() -> None:
    own = [face(4, 1, 0), face(30, 1, 0)]
    other = [dataclasses.replace(one, dataset="casia", face_id=f"casia/{one.face_id}") for one in own]
    texts = {one.face_id: "here are some words" for one in own} | {one.face_id: "quite another vocabulary" for one in other}
    made = controls.random_words([*own, *other], texts)
    assert all(set(made[one.face_id].split()) <= set(texts[one.face_id].split()) for one in (*own, *other))


def test_species_only_names_the_species_and_no_cue(world: World, captions: dict[str, list[Caption]]) -> None:
    texts = derived("species_only", world, captions)
    for one in world.faces:
        assert vocabulary.SPECIES[one.species] in texts[one.face_id]
        assert vocabulary.named_cues(texts[one.face_id]) == []


def test_wrong_cues_replace_the_middle_steps_by_those_of_another_family(world: World, captions: dict[str, list[Caption]]) -> None:
    texts = derived("wrong_cues", world, captions)
    named = 0
    for caption, one in zip(captions["reasoning"], world.faces, strict=True):
        own, made = (STYLES["reasoning"].form.split(text) for text in (caption.text, texts[one.face_id]))
        assert (own[0], own[-1]) == (made[0], made[-1])
        allowed = set(vocabulary.cues_of("replay_video" if one.species == "print" else "print"))
        assert set(vocabulary.named_cues(" ".join(made[1:-1]))) <= (allowed if one.label is Label.ATTACK else set())
        named += bool(vocabulary.named_cues(texts[one.face_id]))
    assert named == sum(one.label is Label.ATTACK for one in world.faces)


def test_wrong_cues_need_attacks_of_two_families(world: World, captions: dict[str, list[Caption]]) -> None:
    faces = [one for one in world.faces if one.species != "print"]
    kept = [caption for caption in captions["reasoning"] if "/print/" not in caption.face_id]
    with pytest.raises(controls.ControlError, match="all attacks are of the family 'replay'"):
        controls.derive("wrong_cues", faces, kept)


def test_a_source_caption_that_contradicts_the_label_is_refused(world: World, captions: dict[str, list[Caption]]) -> None:
    rows = [dataclasses.replace(captions["reasoning"][0], verdict=Verdict.ATTACK), *captions["reasoning"][1:]]
    with pytest.raises(controls.ControlError, match=r"shuffled needs annotator\.label_aware"):
        controls.derive("shuffled", world.faces, rows)


def test_an_unknown_control_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"unknown control 'noise'\..* Known: prose, shuffled"):
        controls.control_of("noise")
