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
from fasrepro.captions.layouts import FormError, only_conclusion
from fasrepro.captions.styles import COT, OF_LABEL, STYLES, VERDICTS
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
    for name in ("reasoning", "neutral", "cot"):
        style = STYLES[name]
        for face in world.faces:
            told = face.species if style.may_know_label else None
            reading = annotator._observe(face, truths[face.face_id], told, Dice((face.face_id,)))
            text = style.form.write(WRITERS[name](reading, Dice((face.face_id,))), reading.verdict)
            clean, verdict = checks.parse(style, text)
            caption = Caption(face.face_id, name, clean, verdict, "v1", "m", style.may_know_label, 1, "key")
            made.setdefault(name, []).append(caption)
    return made


CHAINS = [name for name, control in controls.CONTROLS.items() if "cot" in (control.source, control.reads_as)]
SHARES = ("share_5", "share_25")


def derived(name: str, world: World, captions: dict[str, list[Caption]]) -> dict[str, str]:
    rows = controls.derive(name, world.faces, captions[controls.CONTROLS[name].source])
    ids = [row.face_id for row in rows]
    assert ids == [face.face_id for face in world.faces if name not in SHARES or face.face_id in ids]
    assert {row.style for row in rows} == {name}
    return {row.face_id: row.text for row in rows}


@pytest.mark.parametrize("name", controls.CONTROLS)
def test_a_control_is_deterministic_and_states_the_true_verdict_or_none(
    name: str, world: World, captions: dict[str, list[Caption]]
) -> None:
    texts = derived(name, world, captions)
    assert texts == derived(name, world, captions)
    by_id = {face.face_id: face for face in world.faces}
    for row in controls.derive(name, world.faces, captions[controls.CONTROLS[name].source]):
        verdict = OF_LABEL[by_id[row.face_id].label]
        stated = only_conclusion(row.text) == COT.form.verdicts[verdict] if name in CHAINS else VERDICTS[verdict] in row.text
        assert stated == (name != "random_words")
        assert row.verdict == (Verdict.UNDECIDED if name == "random_words" else verdict)


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


@pytest.mark.parametrize("name", CHAINS)
def test_a_chain_control_parses_as_a_chain_exactly_where_it_says_so(
    name: str, world: World, captions: dict[str, list[Caption]]
) -> None:
    by_id = {face.face_id: face for face in world.faces}
    for face_id, text in derived(name, world, captions).items():
        if controls.CONTROLS[name].reads_as == "cot":
            assert COT.form.parse(text)[1] == OF_LABEL[by_id[face_id].label]
        else:
            with pytest.raises(FormError, match="missing tag" if name.startswith("no_") else "tags out of order"):
                COT.form.parse(text)


def chain(*parts: str, verdict: Verdict = Verdict.ATTACK) -> str:
    return COT.form.write(parts, verdict)


OWN = face(4, 1, 0)
CHAIN = {OWN.face_id: chain("A room.", "A face.", "It smiles.", "Light is flat.", "It is paper.")}


def test_a_reversed_chain_goes_from_the_part_to_the_whole_and_concludes_last() -> None:
    assert controls.reversed_chain([OWN], CHAIN)[OWN.face_id].split("\n") == [
        "<Spoofing Description>It is paper.</Spoofing Description>",
        "<Reasoning>Light is flat.</Reasoning>",
        "<Facial Attributes>It smiles.</Facial Attributes>",
        "<Facial Description>A face.</Facial Description>",
        "<Caption>A room.</Caption>",
        "<Conclusion>No</Conclusion>",
    ]


@pytest.mark.parametrize(
    ("name", "dropped"),
    [
        ("no_caption", "<Caption>A room.</Caption>"),
        ("no_facial_description", "<Facial Description>A face.</Facial Description>"),
        ("no_facial_attributes", "<Facial Attributes>It smiles.</Facial Attributes>"),
        ("no_reasoning", "<Reasoning>Light is flat.</Reasoning>"),
        ("no_spoofing_description", "<Spoofing Description>It is paper.</Spoofing Description>"),
    ],
)
def test_one_tag_is_dropped_and_nothing_else(name: str, dropped: str) -> None:
    made = controls.CONTROLS[name].make([OWN], CHAIN)[OWN.face_id]
    assert made == CHAIN[OWN.face_id].replace(f"{dropped}\n", "") != CHAIN[OWN.face_id]


def test_an_exchanged_chain_is_another_face_s_of_the_species_with_the_same_conclusion(
    world: World, captions: dict[str, list[Caption]]
) -> None:
    made, by_id = derived("exchanged", world, captions), {one.face_id: one for one in world.faces}
    own = {caption.face_id: caption.text for caption in captions["cot"]}
    partners = controls.partners(world.faces, "shuffled")
    for face_id, text in made.items():
        other = partners[face_id]
        assert (text, other.species) == (own[other.face_id], by_id[face_id].species)
        assert only_conclusion(text) == only_conclusion(own[face_id])


def test_a_random_chain_keeps_the_words_of_each_tag_in_number_and_draws_no_conclusion(
    world: World, captions: dict[str, list[Caption]]
) -> None:
    made = derived("random_chain", world, captions)
    words = {word for caption in captions["cot"] for part in COT.form.split(caption.text)[:-1] for word in part.split()}
    for caption in captions["cot"]:
        own, random = COT.form.split(caption.text), COT.form.split(made[caption.face_id])
        assert [len(part.split()) for part in random] == [len(part.split()) for part in own]
        assert {word for part in random[:-1] for word in part.split()} <= words
        assert random[-1] == own[-1] and random[:-1] != own[:-1]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("A. B. C. D. E. F. G.", ["A.", "B.", "C. D.", "E.", "F. G."]),
        ("One two three. Four five six.", ["One", "two", "three.", "Four", "five six."]),
    ],
)
def test_a_neutral_chain_deals_a_neutral_caption_over_the_tags(text: str, parts: list[str]) -> None:
    assert controls.neutral_chain([OWN], {OWN.face_id: text})[OWN.face_id] == chain(*parts)


def test_a_neutral_chain_names_no_cue(world: World, captions: dict[str, list[Caption]]) -> None:
    assert not any(vocabulary.named_cues(text) for text in derived("neutral_chain", world, captions).values())


@given(
    st.lists(st.sampled_from(["print", "replay_video", "bona_fide"]), min_size=1, max_size=80), st.permutations([0.05, 0.25, 1.0])
)
def test_shares_are_nested_exact_and_even_over_species(species: list[str], shares: list[float]) -> None:
    faces = [face(number, number, 0, kind) for number, kind in enumerate(species)]
    texts = {one.face_id: "text" for one in faces}
    kept = {share: set(controls.share_of(share, faces, texts)) for share in shares}
    assert kept[0.05] <= kept[0.25] <= kept[1.0] == set(texts)
    assert kept[0.25] == set(controls.share_of(0.25, faces[::-1], texts))
    for share, ids in kept.items():
        assert len(ids) == max(1, round(share * len(faces)))
        for kind, count in Counter(species).items():
            of_kind = sum(one.face_id in ids for one in faces if one.species == kind)
            assert abs(of_kind - share * count) <= 1.5


def test_joined_sets_keep_their_rows_and_may_share_no_face() -> None:
    first, second = (Caption(name, "cot", "t", Verdict.ATTACK, "v1", "m", True, 1, "k") for name in ("msu/a", "msu/b"))
    assert controls.join({"gold": [first], "silver": [second]}) == [first, second]
    with pytest.raises(controls.ControlError, match=r"msu/a: it has a caption in gold and in silver, as have 1 faces in all"):
        controls.join({"gold": [first], "silver": [second, first]})
