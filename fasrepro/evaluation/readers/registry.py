"""Readers: each turns a generated explanation into attack, bona fide or undecided.

All of them read what the text *says*. An explanation that ends in "This is a presentation attack." is read as an attack, whatever
precedes it. So a reader's accuracy says nothing about understanding: that takes a comparison of the named cues with the image
(`analyses.grounding`), and readers that read the text without its verdict (`verdict_ablation`).
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
    """The endpoint and the reply store of a reader over the network."""

    endpoint: Endpoint
    store: Store


# Paper 1 has GPT-4o-mini read the explanations; we did not find its prompt, so this one is ours.
READER_SYSTEM = "You read explanations that a model wrote about images of faces, and report the verdict that each of them states."
READER_TASK = (
    "Does this explanation say that the face is an attack (a printed photo, a screen, a mask, a disguise, any spoof) or bona fide"
    " (a live person)? Go by what it says, not by whether you believe it. Answer with one word: attack, bona_fide or undecided."
)
READER_PROMPT = "{task}\n<explanation>{text}</explanation>"
READER_VERSION = f"reader-1-{hashing.sha256_json([READER_SYSTEM, READER_TASK, READER_PROMPT])[:8]}"
_ANSWER = re.compile(r"\W*(attack|bona[ _]fide|undecided)\W*", re.IGNORECASE)


def parse_answer(text: str) -> Verdict:
    """Return the verdict of a reply of one word, as the prompt asks for. Raises `Rejected` for any other reply."""
    match = _ANSWER.fullmatch(text)
    if not match:
        raise Rejected("format", f"expected one word, got {text[:40]!r}")
    return Verdict(match.group(1).lower().replace(" ", "_"))


def over_api(texts: Mapping[str, str], api: Api) -> dict[str, Verdict]:
    """Ask a language model about each text, and about equal texts once. A text without a verdict in the reply is undecided.

    Raises:
        EndpointError: where more than 2 % of the texts get no answer.
    """
    # An explanation must not be able to close its own tag.
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
class ReaderInputs:
    """What readers may need besides a text: the training rows of the run that wrote it, and an endpoint."""

    rows: Sequence[TrainRow] = ()
    api: Api | None = None


def read_lexical(texts: Mapping[str, str], inputs: ReaderInputs) -> dict[str, Verdict]:
    """Read each text by the rule of `lexical.read`."""
    return {name: lexical.read(text) for name, text in texts.items()}


def read_tfidf(texts: Mapping[str, str], inputs: ReaderInputs) -> dict[str, Verdict]:
    """Read each text with a classifier of the run's own captions (`tfidf`); without captions there are no verdicts."""
    captioned = [row for row in inputs.rows if row.caption]
    model = tfidf.fit([row.caption for row in captioned], [row.label for row in captioned])
    return {} if model is None else tfidf.read(model, texts)


def read_api(texts: Mapping[str, str], inputs: ReaderInputs) -> dict[str, Verdict]:
    """Ask a language model about each text. Raises `ValueError` without an endpoint."""
    if inputs.api is None:
        raise ValueError("a reader over the network needs an endpoint")
    return over_api(texts, inputs.api)


Reader: TypeAlias = Callable[[Mapping[str, str], ReaderInputs], dict[str, Verdict]]
READERS: dict[str, Reader] = {"lexical": read_lexical, "tfidf": read_tfidf, "api": read_api}
NETWORK = frozenset({"api"})  # readers that ask an endpoint, where each text costs


def read_texts(reader: str, texts: Mapping[str, str], inputs: ReaderInputs) -> dict[str, Verdict]:
    """Return a reader's verdict on each text, by the text's name. Raises `ValueError` for an unknown reader."""
    return names.lookup(READERS, reader, "reader")(texts, inputs)


def sample_faces(faces: Sequence[Face], videos: int) -> set[str]:
    """Return the ids of the faces of `videos` presentations (0: all), half of each label where there are enough.

    The choice is by hash, so it is the same for every run. It is meant for readers whose texts cost something.
    """
    sampled: set[str] = set()
    for label in Label:
        presentations = {face.presentation for face in faces if face.label is label}
        ordered = sorted(presentations, key=lambda name: hashing.unit_hash("read", name))
        half = -(-videos // 2)  # rounded up
        sampled.update(ordered[:half] if videos else ordered)
    return {face.face_id for face in faces if face.presentation in sampled}
