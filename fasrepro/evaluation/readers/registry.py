"""Readers: what turns a generated explanation into attack, bona fide or undecided.

All read what is *said*. An explanation that ends in "This is a presentation attack." is read as one whatever stands before
it, so a reader's accuracy says nothing about understanding: for that, what an explanation names must be held against the image,
and readers must read it without its verdict (`variants`).
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from fasrepro import hashing, names
from fasrepro.evaluation.readers import lexical, tfidf
from fasrepro.llm.live import complete
from fasrepro.llm.store import Store
from fasrepro.llm.types import ChatRequest, Endpoint, Rejected, Reply
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.training import TrainRow


@dataclasses.dataclass(frozen=True, slots=True)
class Api:
    """What a reader over the network needs."""

    endpoint: Endpoint
    store: Store


# Paper 1 lets GPT-4o-mini read the explanations; its prompt was not found, so this one is ours.
READER_SYSTEM = "You read explanations that a model wrote about images of faces, and report the verdict that each of them states."
READER_TASK = (
    "Does this explanation say that the face is an attack (a printed photo, a screen, a mask, a disguise, any spoof) or bona fide"
    " (a live person)? Go by what it says, not by whether you believe it. Answer with one word: attack, bona_fide or undecided."
)
READER_PROMPT = "{task}\n<explanation>{text}</explanation>"
READER_VERSION = f"reader-1-{hashing.sha256_json([READER_SYSTEM, READER_TASK, READER_PROMPT])[:8]}"
_ANSWER = re.compile(r"\W*(attack|bona[ _]fide|undecided)\W*", re.IGNORECASE)


def parse_answer(text: str) -> Verdict:
    """Read the one word that the reader's prompt asks for. Raises `Rejected`."""
    match = _ANSWER.fullmatch(text)
    if not match:
        raise Rejected("format", f"expected one word, got {text[:40]!r}")
    return Verdict(match.group(1).lower().replace(" ", "_"))


def over_api(texts: Mapping[str, str], api: Api) -> dict[str, Verdict]:
    """Let a language model read each text. Equal texts are read once; one that it gives no verdict on is undecided.

    Raises `EndpointError` when more than 2 % of the texts get no answer.
    """
    # An explanation must not be able to close its own bracket.
    plain = {name: text.replace("<", "(").replace(">", ")") for name, text in texts.items()}
    requests = {
        text: ChatRequest(READER_SYSTEM, READER_PROMPT.format(task=READER_TASK, text=text), READER_VERSION)
        for text in sorted(set(plain.values()))
        if text.strip()
    }

    def accept(text: str, reply: Reply) -> Verdict:
        return parse_answer(reply.text)

    answers, _ = complete(requests, accept, api.endpoint, api.store, max_failures=len(requests) // 50)
    verdicts = {text: answer.value for text, answer in answers.items()}
    return {name: verdicts.get(text, Verdict.UNDECIDED) for name, text in plain.items()}


@dataclasses.dataclass(frozen=True, slots=True)
class Means:
    """What readers may need beside a text: the training rows of the run that wrote it, and an endpoint."""

    rows: Sequence[TrainRow] = ()
    api: Api | None = None


def by_words(texts: Mapping[str, str], means: Means) -> dict[str, Verdict]:
    """Read each text by the rule of `lexical.read`."""
    return {name: lexical.read(text) for name, text in texts.items()}


def by_learning(texts: Mapping[str, str], means: Means) -> dict[str, Verdict]:
    """Read each text by what the run's own captions taught (`tfidf`); a run without captions gets no verdicts."""
    captioned = [row for row in means.rows if row.caption]
    model = tfidf.fit([row.caption for row in captioned], [row.label for row in captioned])
    return {} if model is None else tfidf.read(model, texts)


def by_api(texts: Mapping[str, str], means: Means) -> dict[str, Verdict]:
    """Let a language model read each text. Raises `ValueError` without an endpoint."""
    if means.api is None:
        raise ValueError("a reader over the network needs an endpoint")
    return over_api(texts, means.api)


Reader: TypeAlias = Callable[[Mapping[str, str], Means], dict[str, Verdict]]
READERS: dict[str, Reader] = {"lexical": by_words, "tfidf": by_learning, "api": by_api}
NETWORK = frozenset({"api"})  # readers that ask an endpoint, where each text costs


def read_all(reader: str, texts: Mapping[str, str], means: Means) -> dict[str, Verdict]:
    """Return the reader's verdict on each text, by the text's name. Raises `ValueError` for an unknown reader."""
    return names.lookup(READERS, reader, "reader")(texts, means)


def few(faces: Sequence[Face], videos: int) -> set[str]:
    """Return the ids of the faces of `videos` presentations (0: all), half of each label where there are as many.

    The same ones for every run: chosen by a hash. For readers that cost something.
    """
    chosen: set[str] = set()
    for label in Label:
        shown = {face.presentation for face in faces if face.label is label}
        ordered = sorted(shown, key=lambda name: hashing.unit_hash("read", name))
        chosen.update(ordered[: -(-videos // 2)] if videos else ordered)
    return {face.face_id for face in faces if face.presentation in chosen}
