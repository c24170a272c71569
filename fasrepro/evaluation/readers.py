"""Readers: what turns a generated explanation into attack, bona fide or undecided.

Both read what is *said*. An explanation that ends in "This is a presentation attack." is read as one whatever stands before
it, so a reader's accuracy says nothing about understanding: for that, what an explanation names must be held against the image.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping
from typing import TypeAlias

from fasrepro import cues, provenance
from fasrepro.captions.client import ChatRequest, Endpoint, Rejected, Reply, Store, complete
from fasrepro.records import Verdict


@dataclasses.dataclass(frozen=True, slots=True)
class Api:
    """What a reader over the network needs."""

    endpoint: Endpoint
    store: Store


# Words that state a verdict. "real" and "live" count only beside a noun for a person: "without real shadows" states none.
_STATED = {
    Verdict.ATTACK: re.compile(
        r"\b(?:(?:presentation |spoof(?:ing)? )?attacks?|spoof(?:s|ed|ing)?|fake[ds]?|impost[eo]rs?|verdict: attack)\b"
    ),
    Verdict.BONA_FIDE: re.compile(
        r"\b(?:bona[ _]fide|genuine|authentic|(?:live|living|real|actual) (?:face|person|human|people|subject|presentation)s?)\b"
    ),
}
# What an attack is made of, in the words of `cues.SPECIES` and like ones. Makeup alone is none: a live person may wear some.
_MADE = re.compile(
    r"\b(?:printed (?:colou?r )?(?:photo(?:graph)?|picture|image|copy|paper|sheet|eye|mouth|strip|patch|mask)s?"
    r"|(?:photo|paper) prints?|printouts?|(?:paper|toy|funny) glasses|false (?:piece|part|face|eye|mouth|nose)s?"
    r"|on (?:a|the) (?:\w+ )?(?:screen|display|monitor|tablet)|replay(?:s|ed)?|recaptured?"
    r"|(?<!medical )(?<!surgical )(?:face)?masks?|mannequins?|dummy|(?:disguis|impersonat|obfuscat)\w+"
    r"|(?:heavy|thick|strong|theatrical|stage) (?:\w+ )?make-?up|make-?up (?:that|which|to) (?:change|cop|hide)\w*)\b"
)
_NATURAL = re.compile(r"\bnatural (?:skin|texture)\b|\breal depth\b|\bshadows (?:follow|fit)\b|\beyes look alive\b")
_NOT = re.compile(
    r"\b(?:(?:no|little|few|without)\b(?! (?:any |a )?doubt)|not|never|isn't|cannot|rather than|instead of|nor|neither|free of"
    r"|lack(?:s|ing)?|denies|hardly|scarcely|barely)\b|n't\b"
)
_SOME = re.compile(r"\ba (?:little|few)\b")  # negates nothing, unlike "little" and "few"
_OPPOSITE = {Verdict.ATTACK: Verdict.BONA_FIDE, Verdict.BONA_FIDE: Verdict.ATTACK}
_REACH = 5  # words that a negation reaches forward within its clause


def lexical(text: str) -> Verdict:
    """Read an explanation by a fixed rule over words.

    1. The last sentence that states a verdict ("presentation attack", "spoof", "fake"; "bona fide", "genuine", "live
       person") decides, if all it states is the same; a negation up to five words before, within the clause, turns it.
    2. Where no sentence states one: cues of attacks (`cues.CUES`) and what attacks are made of ("a mask", "a printed photo"),
       not negated, speak for an attack, signs of a natural face for bona fide. Both or neither: undecided.
    """
    sentences = re.split(r"[.!?\n]+", text.lower().replace("\u2019", "'"))
    for sentence in reversed(sentences):
        stated = {
            _OPPOSITE[verdict] if _negated(sentence, match.start()) else verdict
            for verdict, pattern in _STATED.items()
            for match in pattern.finditer(sentence)
        }
        if stated:
            return stated.pop() if len(stated) == 1 else Verdict.UNDECIDED
    attack = any(
        not _negated(sentence, start)
        for sentence in sentences
        for start in [*_phrasings(sentence), *(match.start() for match in _MADE.finditer(sentence))]
    )
    natural = any(not _negated(sentence, match.start()) for sentence in sentences for match in _NATURAL.finditer(sentence))
    if attack == natural:
        return Verdict.UNDECIDED
    return Verdict.ATTACK if attack else Verdict.BONA_FIDE


def _phrasings(sentence: str) -> list[int]:
    """Return where in a sentence phrasings of cues begin."""
    return [sentence.find(phrasing) for cue in cues.CUES.values() for phrasing in cue.phrasings if phrasing in sentence]


def _negated(sentence: str, position: int) -> bool:
    clause = _SOME.sub("some", re.split(r"[,;:]|\bbut\b", sentence[:position])[-1])
    return bool(_NOT.search(" ".join(clause.split()[-_REACH:])))


# Paper 1 lets GPT-4o-mini read the explanations; its prompt was not found, so this one is ours.
READER_SYSTEM = "You read explanations that a model wrote about images of faces, and report the verdict that each of them states."
READER_TASK = (
    "Does this explanation say that the face is an attack (a printed photo, a screen, a mask, a disguise, any spoof) or bona fide"
    " (a live person)? Go by what it says, not by whether you believe it. Answer with one word: attack, bona_fide or undecided."
)
READER_PROMPT = "{task}\n<explanation>{text}</explanation>"
READER_VERSION = f"reader-1-{provenance.sha256_json([READER_SYSTEM, READER_TASK, READER_PROMPT])[:8]}"
_ANSWER = re.compile(r"\W*(attack|bona[ _]fide|undecided)\W*", re.IGNORECASE)


def parse_answer(text: str) -> Verdict:
    """Read the one word that the reader's prompt asks for. Raises `Rejected`."""
    match = _ANSWER.fullmatch(text)
    if not match:
        raise Rejected("format", f"expected one word, got {text[:40]!r}")
    return Verdict(match.group(1).lower().replace(" ", "_"))


def over_api(texts: Mapping[str, str], api: Api) -> dict[str, Verdict]:
    """Let a language model read each text. Equal texts are read once; one that it gives no verdict on is undecided.

    Raises `captions.client.EndpointError` when more than 2 % of the texts get no answer.
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


def by_words(texts: Mapping[str, str], api: Api | None) -> dict[str, Verdict]:
    """Read each text by the rule of `lexical`."""
    return {name: lexical(text) for name, text in texts.items()}


Reader: TypeAlias = Callable[[Mapping[str, str], Api], dict[str, Verdict]]
READERS: dict[str, Reader] = {"lexical": by_words, "api": over_api}
NETWORK = frozenset({"api"})  # readers that need an endpoint


def read_all(reader: str, texts: Mapping[str, str], api: Api | None) -> dict[str, Verdict]:
    """Return the reader's verdict on each text, by the text's name. Raises `ValueError` for an unknown reader."""
    if reader not in READERS:
        raise ValueError(f"unknown reader {reader!r}. Known: {', '.join(READERS)}")
    if reader in NETWORK and api is None:
        raise ValueError(f"reader {reader!r} needs an endpoint")
    return READERS[reader](texts, api)
