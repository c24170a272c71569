"""Explanations without their verdict, and with the opposite verdict: does a reader use anything but the concluding sentence?

A reader that finds "This is a presentation attack." in a text is right whenever that sentence is right, whatever precedes it. So
each reader also reads the text *cut*, without any concluding sentence, and *flipped*, with the opposite conclusion instead.
A reader of the signs alone gives the same verdict on both; a reader of the conclusion alone changes its verdict.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from fasrepro.evaluation.readers import lexical
from fasrepro.rows.captions import Verdict

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_HEADING = re.compile(r"^[ \t#>*_-]*[A-Z][A-Za-z &/]{2,40}:\s*")


def cut(text: str) -> str:
    """Return `text` without the sentences that conclude (`lexical.concludes`), and without headings that lose all their text."""
    lines = []
    for line in text.split("\n"):
        heading = _HEADING.match(line)
        title, body = (heading[0], line[heading.end() :]) if heading else ("", line)
        sentences = [one for one in _SENTENCE_END.split(body) if one.strip() and not lexical.concludes(one)]
        if sentences:
            lines.append(title + " ".join(sentences))
    return "\n".join(lines)


def flipped(text: str, sentences: Mapping[Verdict, str]) -> str:
    """Return `text` with the opposite of its verdict (by `lexical.read`); a text without a verdict is only cut.

    `sentences`: the sentence that states each verdict.
    """
    opposite = {Verdict.ATTACK: Verdict.BONA_FIDE, Verdict.BONA_FIDE: Verdict.ATTACK}.get(lexical.read(text))
    rest = cut(text)
    return f"{rest} {sentences[opposite]}".strip() if opposite else rest


WHOLE = "whole"


def variants(sentences: Mapping[Verdict, str]) -> dict[str, Callable[[str], str]]:
    """Return every variant by its name; `sentences` as for `flipped`."""
    return {WHOLE: lambda text: text, "cut": cut, "flipped": lambda text: flipped(text, sentences)}


def channel(reader: str, variant: str) -> str:
    """Return the name of a reader's verdicts on a variant.

    >>> channel("lexical", "whole"), channel("lexical", "cut")
    ('lexical', 'lexical_cut')
    """
    return reader if variant == WHOLE else f"{reader}_{variant}"
