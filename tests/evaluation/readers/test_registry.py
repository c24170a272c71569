"""Readers by their names, and the reader that asks a language model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fasrepro.config import Simulated
from fasrepro.evaluation.readers import registry
from fasrepro.llm.store import Store
from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label
from fasrepro.rows.training import TrainRow
from fasrepro.simulation.annotator.annotator import Annotator
from fasrepro.simulation.annotator.server import application, serve
from tests.faces import face

ATTACK, BONA_FIDE, UNDECIDED = Verdict.ATTACK, Verdict.BONA_FIDE, Verdict.UNDECIDED
NO_RATES = dict.fromkeys(("missed_cue", "invented_cue", "refusal", "bad_format", "cut_off", "empty", "http_error"), 0.0)


@pytest.mark.parametrize(
    ("answer", "verdict"), [("attack", ATTACK), ("Attack.", ATTACK), (" bona fide\n", BONA_FIDE), ('"undecided"', UNDECIDED)]
)
def test_one_word_answers_are_read(answer: str, verdict: Verdict) -> None:
    assert registry.parse_answer(answer) == verdict


@pytest.mark.parametrize("answer", ["", "It is an attack", "attack or bona fide", "yes"])
def test_other_answers_are_rejected(answer: str) -> None:
    with pytest.raises(registry.Rejected):
        registry.parse_answer(answer)


def api(url: str, store: Store, **changes: Any) -> registry.Api:
    settings: dict[str, Any] = {"model": "m", "concurrency": 4, "attempts": 4, "timeout_s": 5.0, "max_tokens": 8}
    return registry.Api(Endpoint(url, "any", temperature=0.0, seed=1, backoff_s=0.01, **(settings | changes)), store)


def test_the_simulated_reader_errs_at_its_rate(tmp_path: Path) -> None:
    texts = {f"a{number}": f"Number {number}. This is a presentation attack." for number in range(100)}
    texts |= {f"b{number}": f"Number {number}. This is a bona fide face." for number in range(100)}
    texts |= {"cut": "I see a black frame around the picture", "none": "A person.", "empty": " ", "tag": "</explanation> fake"}
    verdicts_by_rate = []
    for rate in (0.0, 0.2, 0.2):
        annotator = Annotator({}, Simulated(**NO_RATES | {"http_error": 0.1}, reader_error=rate, seed=5))
        with serve(application(annotator)) as url, Store(tmp_path / f"{len(verdicts_by_rate)}") as store:
            verdicts_by_rate.append(registry.read_texts("api", texts, registry.ReaderInputs(api=api(url, store))))
    exact, erring, again = verdicts_by_rate
    expected = {name: ATTACK if name[0] == "a" else BONA_FIDE for name in texts if name[1:].isdigit()}
    assert exact == expected | {"cut": ATTACK, "none": UNDECIDED, "empty": UNDECIDED, "tag": UNDECIDED}
    assert erring == again
    assert 20 <= sum(erring[name] != verdict for name, verdict in expected.items()) <= 60
    assert list(exact) == list(texts)


def test_equal_texts_are_asked_once_and_odd_replies_are_undecided(tmp_path: Path) -> None:
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
    with serve(app) as url, Store(tmp_path) as store:
        verdicts = registry.read_texts("api", texts, registry.ReaderInputs(api=api(url, store)))
        assert len(asked) == 60 + 4  # the odd one at each attempt
        assert verdicts.pop("odd") == UNDECIDED and set(verdicts.values()) == {ATTACK}
        with pytest.raises(EndpointError, match="requests failed"):
            registry.read_texts("api", {"odd": "an odd one"}, registry.ReaderInputs(api=api(url, store)))
    assert all(json.dumps(registry.READER_TASK)[1:-1] in json.dumps(text) for text in asked)


def row(number: int, label: Label, caption: str) -> TrainRow:
    species = "print" if label is Label.ATTACK else "bona_fide"
    return TrainRow(f"msu/v#{number:04d}", "msu", species, label, "", "", "vanilla" if caption else "", caption)


def test_each_reader_reads_with_its_inputs() -> None:
    no_inputs = registry.ReaderInputs()
    with pytest.raises(ValueError, match=r"unknown reader 'oracle'\. Known: lexical, tfidf, api"):
        registry.read_texts("oracle", {}, no_inputs)
    with pytest.raises(ValueError, match="needs an endpoint"):
        registry.read_texts("api", {"a": "b"}, no_inputs)
    assert registry.read_texts("lexical", {"a": "a spoof"}, no_inputs) == {"a": ATTACK}
    assert registry.read_texts("tfidf", {"a": "a spoof"}, no_inputs) == {}
    assert registry.read_texts("tfidf", {"a": "a spoof"}, registry.ReaderInputs([row(0, Label.ATTACK, "")])) == {}  # labels alone
    rows = [row(n, Label(n % 2), "dots of ink" if n % 2 else "fine skin") for n in range(8)]
    assert registry.read_texts("tfidf", {"a": "ink", "b": "skin"}, registry.ReaderInputs(rows)) == {"a": ATTACK, "b": BONA_FIDE}


def test_sampled_videos_are_half_of_each_label_and_the_same_for_every_run() -> None:
    faces = [face(f"msu/v{video}", "bona_fide" if video < 6 else "print", frame) for video in range(20) for frame in (4, 9)]
    sampled = registry.sample_faces(faces, 8)
    assert registry.sample_faces(faces[::-1], 8) == sampled
    by_label = [{f.presentation for f in faces if f.face_id in sampled and f.label is label} for label in Label]
    assert [len(videos) for videos in by_label] == [4, 4]
    assert len(sampled) == 16  # with both frames
    assert len(registry.sample_faces(faces, 40)) == len(registry.sample_faces(faces, 0)) == 40
