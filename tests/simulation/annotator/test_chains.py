"""Chains in six tags: what they name, and that their form does not tell the label."""

from __future__ import annotations

import functools
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fasrepro import vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Verdict
from fasrepro.simulation import attacks
from fasrepro.simulation.annotator import chains, templates
from fasrepro.simulation.annotator.templates import Dice, Reading
from fasrepro.simulation.drawing import people
from fasrepro.simulation.effects import LOOK_ALIKES

PERSON = {"skin_tone": "brown", "hair": "short black", "light": "left", "background": "wall", "wall": "grey", "glasses": "none"}
LARGEST_AUC = 0.60  # by which a chain's form may tell its label
# Print, replay and mask alike, as in paper 2's gold captions; and prints and replays alone, as in most of paper 1's archives.
MIXES = {
    "gold": [
        *("print", "poster", "a4_print", "album_photo", "newspaper_photo", "upper_body_photo"),
        *("replay_pad", "replay_pc", "replay_phone", "replay_pad", "replay_pc", "replay_phone"),
        *("facial_photo", "region_mask", "mask_3d", "adult_doll", "garage_kit", "mask_3d"),
    ],
    "paper1": ["print", "replay_photo", "warped_photo", "replay_video", "cut_photo", "replay_photo"],
}
# What a chain names, longest first: to be masked.
NAMED = sorted(
    [phrase for cue in vocabulary.CUES.values() for phrase in cue.phrasings]
    + [phrase for phrases in (*vocabulary.HARMLESS.values(), *chains.SIGNS_OF_LIFE.values()) for phrase in phrases]
    + [*vocabulary.SPECIES.values(), *chains.LIVE_PERSON],
    key=len,
    reverse=True,
)


def readings(mix: str, count: int) -> list[Reading]:
    """Return what an annotator that is told the label reads of as many live persons as attacks, at the world's rates of cues."""
    rows = []
    for number in range(count):
        rng = np.random.default_rng(number)
        attributes = templates.attributes_of(
            json.dumps(people.attributes(people.draw_person(number), people.draw_sitting(number)))
        )
        look_alikes = tuple(name for name in LOOK_ALIKES if rng.random() < 0.03)
        if number % 2 == 0:
            rows.append(Reading((), look_alikes, attributes, Verdict.BONA_FIDE, ""))
            continue
        species = MIXES[mix][number // 2 % len(MIXES[mix])]
        there = attacks.draw_cues(attacks.CUE_RATES[species], (0.8, 1.0), rng)
        named = tuple(name for name in vocabulary.cues_of(species) if (rng.random() >= 0.15) == (name in there))
        rows.append(Reading(named, look_alikes, attributes, Verdict.ATTACK, vocabulary.SPECIES[species]))
    return rows


@functools.cache
def labelled(mix: str) -> tuple[list[list[str]], list[bool]]:
    """Return chains, and whether each is about an attack."""
    rows = readings(mix, 1200)
    parts = [chains.chain(reading, Dice(("form", mix, number))) for number, reading in enumerate(rows)]
    return parts, [reading.verdict == Verdict.ATTACK for reading in rows]


def form(parts: list[str]) -> list[int]:
    """Return what is left of a chain when what it names is masked: for each tag its sentences, words and names."""
    numbers = []
    for part in parts:
        masked = part
        for phrase in NAMED:
            masked = masked.replace(phrase, "#")
        numbers += [masked.count("."), len(masked.split()), masked.count("#")]
    return numbers


def either_way(labels: list[bool], numbers: np.ndarray) -> float:
    area = roc_auc_score(labels, numbers)
    return max(area, 1 - area)


@pytest.mark.parametrize("mix", MIXES)
def test_the_length_of_a_chain_does_not_tell_the_label(mix: str) -> None:
    parts, labels = labelled(mix)
    words = np.array([sum(len(part.split()) for part in chain) for chain in parts])
    letters = np.array([sum(map(len, chain)) for chain in parts])
    assert either_way(labels, words) <= LARGEST_AUC and either_way(labels, letters) <= LARGEST_AUC


@pytest.mark.parametrize(
    "reader",
    [make_pipeline(StandardScaler(), LogisticRegression()), GradientBoostingClassifier(n_estimators=40, random_state=0)],
    ids=["linear", "trees"],
)
def test_the_form_of_a_chain_does_not_tell_the_label(reader: object) -> None:
    """In gold captions: how many cues a step has depends on the species, so a mix of other attacks has another form."""
    parts, labels = labelled("gold")
    scores = cross_val_predict(reader, np.array([form(chain) for chain in parts]), labels, cv=5, method="predict_proba")[:, 1]
    assert either_way(labels, scores) <= LARGEST_AUC


def test_sentences_that_name_nothing_are_as_long_for_either_verdict() -> None:
    for ways in chains.NOTHING.values():
        live, attack = ([len(text.split()) for text in ways[verdict]] for verdict in (Verdict.BONA_FIDE, Verdict.ATTACK))
        assert live == attack


def test_signs_of_life_name_no_cue_and_are_enough_for_every_species() -> None:
    texts = [*chains.LIVE_PERSON, *(sign for signs in chains.SIGNS_OF_LIFE.values() for sign in signs)]
    texts += [text for ways in chains.NOTHING.values() for sentences in ways.values() for text in sentences]
    assert [text for text in texts if vocabulary.named_cues(text)] == []
    for family in chains.FAMILIES:
        for species in vocabulary.FAMILIES[family]:
            steps = [vocabulary.CUES[name].step for name in vocabulary.cues_of(species)]
            assert all(steps.count(step) <= len(signs) for step, signs in chains.SIGNS_OF_LIFE.items())


@given(
    st.integers(0, 10**6),
    st.sets(st.sampled_from(sorted(vocabulary.CUES)), min_size=1, max_size=8),
    st.sampled_from(sorted(set(vocabulary.SPECIES) - {"bona_fide"})),
)
def test_a_chain_names_each_cue_once(die: int, names: set[str], species: str) -> None:
    named = tuple(name for name in vocabulary.CUES if name in names)
    parts = chains.chain(Reading(named, (), PERSON, Verdict.ATTACK, vocabulary.SPECIES[species]), Dice((die,)))
    assert sorted(name for part in parts for name in vocabulary.named_cues(part)) == sorted(named)
    assert f" {vocabulary.SPECIES[species]}." in parts[4]
    text = STYLES["cot"].form.write(parts, Verdict.ATTACK)
    assert checks.parse(STYLES["cot"], text) == (text, Verdict.ATTACK)
    live = chains.chain(Reading((), (), PERSON, Verdict.BONA_FIDE, ""), Dice((die,)))
    assert vocabulary.named_cues(" ".join(live)) == []
    assert [part.count(".") for part in live] == [part.count(".") for part in parts]
    assert live[:2] == parts[:2]


@given(st.integers(0, 10**6))
def test_a_live_chain_repeats_no_sign_of_life(die: int) -> None:
    for step, signs in chains.signs_of_life(Dice((die,))).items():
        assert len(set(signs)) == len(signs) and set(signs) <= set(chains.SIGNS_OF_LIFE[step])


@pytest.mark.parametrize("verdict", [Verdict.ATTACK, Verdict.BONA_FIDE])
def test_a_chain_is_worded_in_many_ways(verdict: Verdict) -> None:
    attack = Reading(("moire", "glare"), (), PERSON, Verdict.ATTACK, vocabulary.SPECIES["replay_pad"])
    reading = attack if verdict == Verdict.ATTACK else Reading((), (), PERSON, verdict, "")
    texts = [chains.chain(reading, Dice((number,))) for number in range(300)]
    assert all(len({chain[part] for chain in texts}) >= 3 for part in range(5))
    assert len({" ".join(chain) for chain in texts}) > 280
