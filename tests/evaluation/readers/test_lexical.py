"""The lexical rule on sentences by hand, and on every template of the simulated annotator."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro import vocabulary
from fasrepro.captions.styles import VERDICTS
from fasrepro.evaluation.readers import lexical
from fasrepro.rows.captions import Verdict
from fasrepro.simulation.annotator import annotator, chains, templates

ATTACK, BONA_FIDE, UNDECIDED = Verdict.ATTACK, Verdict.BONA_FIDE, Verdict.UNDECIDED


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("The skin is natural. This is a bona fide face.", BONA_FIDE),
        ("Halftone dots from a printer are seen. This is a presentation attack.", ATTACK),
        # The last stated verdict decides, whatever the cues before it say.
        ("There is a moire pattern over the face. This is a bona fide face.", BONA_FIDE),
        ("It could be an attack. In the end this is a live person.", BONA_FIDE),
        ("This is not a presentation attack.", BONA_FIDE),
        ("This is not a real person but a spoof.", ATTACK),
        ("It isn\u2019t a live face.", ATTACK),
        ("The face is fake.", ATTACK),
        ("A genuine face, not a fake.", BONA_FIDE),
        ("The face looks like a copy and not like a live person.", ATTACK),
        ("This is a bona fide face or a presentation attack.", UNDECIDED),
        # A verdict cut off at the token limit: cues decide.
        ("One sees the dark bezel of a device.\nFinal judgment: This is a", ATTACK),
        ("One sees no moire pattern over the face, and the skin has natural texture.", BONA_FIDE),
        ("There is flat lighting with weak shadows", ATTACK),
        ("The nose throws a shadow without real depth", UNDECIDED),
        # What an attack is made of, where no verdict is stated.
        ("It looks like a silicone mask over the whole head.", ATTACK),
        ("The eyes belong to a printed photo.", ATTACK),
        ("We see a video on a tablet", ATTACK),
        ("The person wears heavy theatrical make-up.", ATTACK),
        ("The head of a mannequin", ATTACK),
        ("This person wears no mask and the skin has natural texture.", BONA_FIDE),
        ("The person wears light makeup and has natural skin.", BONA_FIDE),
        ("It looks like a mask, but the eyes look alive.", UNDECIDED),
        ("There is no sign of a mask", UNDECIDED),
        ("A woman with a surgical mask below the chin, taken by a phone", UNDECIDED),
        ("Heavy makeup, yet this is a live person.", BONA_FIDE),
        ("Natural skin texture and soft shadows show real depth.", BONA_FIDE),
        ("The skin has natural texture; there are wavy interference stripes.", UNDECIDED),
        ("A person with brown hair looks at the camera.", UNDECIDED),
        ("", UNDECIDED),
        ("the the the the", UNDECIDED),
        ("The skin has little natural texture, and the eyes look still.", UNDECIDED),
        ("There is hardly any sign of a live person.", ATTACK),
        ("It shows few signs of a spoof.", BONA_FIDE),
        ("It shows a few signs of a spoof.", ATTACK),
        ("A few plain signs of a spoof.", ATTACK),
        ("There is little doubt that this is a spoof.", ATTACK),
        ("This is without a doubt a live person.", BONA_FIDE),
    ],
)
def test_the_lexical_rule(text: str, verdict: Verdict) -> None:
    assert lexical.read(text) == verdict


@given(st.sampled_from(sorted(vocabulary.CUES)), st.integers(0, 4), st.sampled_from([ATTACK, BONA_FIDE]))
def test_every_phrasing_of_a_cue_and_every_verdict_is_read(name: str, number: int, verdict: Verdict) -> None:
    phrasing = vocabulary.CUES[name].phrasings[number]
    assert lexical.read(f"There is {phrasing}.") == ATTACK
    assert lexical.read(f"There is {phrasing}. {VERDICTS[verdict]}") == verdict


@given(st.integers(0, 10**6), st.sets(st.sampled_from(sorted(vocabulary.CUES))), st.sampled_from([ATTACK, BONA_FIDE]))
@settings(max_examples=300)
def test_no_simulated_sentence_is_read_as_its_opposite(die: int, names: set[str], verdict: Verdict) -> None:
    named = tuple(sorted(names))
    cues_named, look_alikes = (named, named[:2]) if verdict == ATTACK else ((), named)
    attributes = {"skin_tone": "brown", "hair": "black", "light": "left", "background": "wall", "wall": "grey"}
    species = templates.infer_species(cues_named) if verdict == ATTACK else ""
    reading = templates.Reading(cues_named, look_alikes, attributes, verdict, species)
    for write in annotator.WRITERS.values():
        for sentence in re.split(r"(?<=\.)\s+", " ".join(write(reading, templates.Dice((die,))))):
            assert lexical.read(sentence) in (verdict, UNDECIDED), sentence


def test_no_template_is_read_as_its_opposite() -> None:
    lines = {
        ATTACK: list(templates._WITHOUT_CUE),
        BONA_FIDE: [*templates._LIVE_SKIN, *templates._LIVE_FITS],
    }
    lines[BONA_FIDE] += [
        template.format(what=what)
        for template in templates._ALSO_HARMLESS
        for phrases in vocabulary.HARMLESS.values()
        for what in phrases
    ]
    for step in (*templates._NOTHING.values(), *chains.NOTHING.values()):
        for verdict, sentences in step.items():
            lines[verdict] += sentences
    lines[BONA_FIDE] += [f"One can see {sign}." for signs in chains.SIGNS_OF_LIFE.values() for sign in signs]
    wrong = [text for verdict, texts in lines.items() for text in texts if lexical.read(text) not in (verdict, UNDECIDED)]
    assert wrong == []


@pytest.mark.parametrize("template", templates._FITS)
def test_a_species_alone_is_read_as_an_attack(template: str) -> None:
    attacks = [words for name, words in vocabulary.SPECIES.items() if name != "bona_fide"]
    for words in (*attacks, *templates.INFERRED.values()):
        assert lexical.read(template.format(species=words)) == ATTACK
    assert lexical.read(template.format(species=vocabulary.SPECIES["bona_fide"])) == BONA_FIDE


def test_conclusions_are_separated_from_observations() -> None:
    concluding = [*VERDICTS.values(), "It looks like a printed photo held in front of the camera.", *templates._LIVE_FITS]
    concluding += [template.format(species=words) for template in templates._FITS for words in vocabulary.SPECIES.values()]
    assert [sentence for sentence in concluding if not lexical.concludes(sentence)] == []
    seen = [template.format(what=p) for template in templates._SEEN for cue in vocabulary.CUES.values() for p in cue.phrasings]
    assert [sentence for sentence in seen if lexical.concludes(sentence)] == []
