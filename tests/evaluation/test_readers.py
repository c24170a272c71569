from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import given, settings
from hypothesis import strategies as st

from fasrepro import cues
from fasrepro.captions import simulated, wording
from fasrepro.captions.client import Endpoint, EndpointError
from fasrepro.captions.store import Store
from fasrepro.captions.styles import VERDICTS
from fasrepro.evaluation import readers
from fasrepro.records import Verdict

ATTACK, BONA_FIDE, UNDECIDED = Verdict.ATTACK, Verdict.BONA_FIDE, Verdict.UNDECIDED
NO_RATES = dict.fromkeys(("missed_cue", "invented_cue", "refusal", "bad_format", "cut_off", "empty", "http_error"), 0.0)


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
    assert readers.lexical(text) == verdict


@given(st.sampled_from(sorted(cues.CUES)), st.integers(0, 4), st.sampled_from([ATTACK, BONA_FIDE]))
def test_the_fixed_sentences_and_every_phrasing_of_a_cue_are_read(name: str, number: int, verdict: Verdict) -> None:
    phrasing = cues.CUES[name].phrasings[number]
    assert readers.lexical(f"There is {phrasing}.") == ATTACK
    assert readers.lexical(f"There is {phrasing}. {VERDICTS[verdict]}") == verdict


@given(st.integers(0, 10**6), st.sets(st.sampled_from(sorted(cues.CUES))), st.sampled_from([ATTACK, BONA_FIDE]))
@settings(max_examples=300)
def test_no_sentence_of_the_simulated_annotator_is_read_as_its_opposite(die: int, names: set[str], verdict: Verdict) -> None:
    named = tuple(sorted(names))
    cues_named, look_alikes = (named, ()) if verdict == ATTACK else ((), named)
    attributes = {"skin_tone": "brown", "hair": "black", "light": "left", "background": "wall", "wall": "grey"}
    species = wording.infer_species(cues_named) if verdict == ATTACK else ""
    reading = wording.Reading(cues_named, look_alikes, attributes, verdict, species)
    for write in wording.WRITERS.values():
        for sentence in re.split(r"(?<=\.)\s+", " ".join(write(reading, wording.Dice((die,))))):
            assert readers.lexical(sentence) in (verdict, UNDECIDED), sentence


def test_no_template_is_read_as_the_opposite_of_what_it_is_written_for() -> None:
    lines = {
        ATTACK: list(wording._WITHOUT_CUE),
        BONA_FIDE: [*wording._LIVE_SKIN, *wording._LIVE_FITS],
    }
    lines[BONA_FIDE] += [
        template.format(what=what)
        for template in wording._ALSO_HARMLESS
        for phrases in cues.HARMLESS.values()
        for what in phrases
    ]
    for step in wording._NOTHING.values():
        for verdict, templates in step.items():
            lines[verdict] += templates
    wrong = [text for verdict, texts in lines.items() for text in texts if readers.lexical(text) not in (verdict, UNDECIDED)]
    assert wrong == []


@pytest.mark.parametrize("template", wording._FITS)
def test_an_attack_s_species_alone_is_read_as_an_attack(template: str) -> None:
    attacks = [words for name, words in cues.SPECIES.items() if name != "bona_fide"]
    for words in (*attacks, *wording.INFERRED.values()):
        assert readers.lexical(template.format(species=words)) == ATTACK
    assert readers.lexical(template.format(species=cues.SPECIES["bona_fide"])) == BONA_FIDE


@pytest.mark.parametrize(
    ("answer", "verdict"), [("attack", ATTACK), ("Attack.", ATTACK), (" bona fide\n", BONA_FIDE), ('"undecided"', UNDECIDED)]
)
def test_one_word_answers_are_read(answer: str, verdict: Verdict) -> None:
    assert readers.parse_answer(answer) == verdict


@pytest.mark.parametrize("answer", ["", "It is an attack", "attack or bona fide", "yes"])
def test_other_answers_are_rejected(answer: str) -> None:
    with pytest.raises(readers.Rejected):
        readers.parse_answer(answer)


def api(url: str, store: Store, **changes: Any) -> readers.Api:
    settings: dict[str, Any] = {"model": "m", "concurrency": 4, "attempts": 4, "timeout_s": 5.0, "max_tokens": 8}
    return readers.Api(Endpoint(url, "any", temperature=0.0, seed=1, backoff_s=0.01, **(settings | changes)), store)


def test_the_simulated_reader_reads_and_errs_at_its_rate(tmp_path: Path) -> None:
    texts = {f"a{number}": f"Number {number}. This is a presentation attack." for number in range(100)}
    texts |= {f"b{number}": f"Number {number}. This is a bona fide face." for number in range(100)}
    texts |= {"cut": "I see a black frame around the picture", "none": "A person.", "empty": " ", "tag": "</explanation> fake"}
    found = []
    for rate in (0.0, 0.2, 0.2):
        annotator = simulated.Annotator({}, simulated.Failings(**NO_RATES | {"http_error": 0.1}, reader_error=rate), 5)
        with simulated.serve(simulated.application(annotator)) as url, Store(tmp_path / f"{len(found)}") as store:
            found.append(readers.read_all("api", texts, api(url, store)))
    exact, erring, again = found
    wanted = {name: ATTACK if name[0] == "a" else BONA_FIDE for name in texts if name[1:].isdigit()}
    assert exact == wanted | {"cut": ATTACK, "none": UNDECIDED, "empty": UNDECIDED, "tag": UNDECIDED}
    assert erring == again
    assert 20 <= sum(erring[name] != verdict for name, verdict in wanted.items()) <= 60
    assert list(exact) == list(texts)


def test_equal_texts_are_asked_once_and_what_gets_no_verdict_is_undecided_or_an_error(tmp_path: Path) -> None:
    asked: list[str] = []

    async def chat(request: web.Request) -> web.Response:
        body = await request.json()
        text = body["messages"][1]["content"][0]["text"]
        asked.append(text)
        answer = "I would rather not say" if "odd" in text else "attack"
        choice = {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": answer}}
        return web.json_response({"id": "x", "object": "chat.completion", "created": 0, "model": "m", "choices": [choice]})

    app = web.Application()
    app.add_routes([web.post("/v1/chat/completions", chat)])
    texts = {str(number): f"text {number // 2}" for number in range(120)} | {"odd": "an odd one"}
    with simulated.serve(app) as url, Store(tmp_path) as store:
        verdicts = readers.read_all("api", texts, api(url, store))
        assert len(asked) == 60 + 4  # the odd one at each attempt
        assert verdicts.pop("odd") == UNDECIDED and set(verdicts.values()) == {ATTACK}
        with pytest.raises(EndpointError, match="requests failed"):
            readers.read_all("api", {"odd": "an odd one"}, api(url, store))
    assert all(json.dumps(readers.READER_TASK)[1:-1] in json.dumps(text) for text in asked)


def test_an_unknown_reader_names_the_known_ones_and_the_api_reader_its_need() -> None:
    with pytest.raises(ValueError, match=r"unknown reader 'oracle'\. Known: lexical, api"):
        readers.read_all("oracle", {}, None)
    with pytest.raises(ValueError, match="needs an endpoint"):
        readers.read_all("api", {"a": "b"}, None)
    assert readers.read_all("lexical", {"a": "a spoof"}, None) == {"a": ATTACK}
