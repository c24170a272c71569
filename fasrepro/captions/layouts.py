"""Layouts: how the parts of a caption are laid out in its text, and how they are read back. Words and prompts are in `styles`.

A layout writes parts as text and splits the text again; a `Form` adds the titles of the parts and the sentences that state the
verdict, and so writes, parses and gives the JSON schema of a whole caption. Knows no style and no language model.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fasrepro import names
from fasrepro.rows.captions import Verdict

VERDICT_FIELD = "verdict"  # of a JSON answer
_FENCE = re.compile(r"^```\w*\s*|\s*```$")
_TRAILING = re.compile(r"[\s.*_\"'`\u201c\u201d]+$")


class FormError(ValueError):
    """A text that does not have a form. `code` is "empty", "format" or "no verdict"; `detail` says what is wrong."""

    def __init__(self, code: str, detail: str = "") -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.detail = code, detail


@dataclasses.dataclass(frozen=True, slots=True)
class Layout:
    """One way to lay out parts.

    Args:
        write: (titles, parts) -> text.
        split: (titles, text) -> parts, one per title, clean of markup; one part if there are no titles. Raises `FormError`.
        mark: what stands in a text before the part of a title; "" for a layout without titles.
    """

    write: Callable[[Sequence[str], Sequence[str]], str]
    split: Callable[[Sequence[str], str], list[str]]
    mark: str


def _write_prose(titles: Sequence[str], parts: Sequence[str]) -> str:
    return parts[0]


def _split_prose(titles: Sequence[str], text: str) -> list[str]:
    return [squeeze(text)]


def _write_headed(titles: Sequence[str], parts: Sequence[str]) -> str:
    return "\n".join(f"{title}: {part}" for title, part in zip(titles, parts, strict=True))


def _split_headed(titles: Sequence[str], text: str) -> list[str]:
    """Split "Title: text" lines. A title may carry a number or markdown: "2. **Artifact detection:** ..."."""
    alternatives = "|".join(re.escape(title) for title in titles)
    pattern = rf"^[ \t#>*_-]*(?:(?:step\s*)?\d[.):]?\s*)?[*_]*({alternatives})[*_]*\s*:"
    matches = list(re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE))
    _check_order(titles, [match.group(1) for match in matches])
    _check_outside(text[: matches[0].start()], "before the first step")
    ends = [match.start() for match in matches[1:]] + [len(text)]
    parts = [squeeze(text[match.end() : end]).lstrip("*_ ") for match, end in zip(matches, ends, strict=True)]
    return _checked_parts(titles, parts)


def _write_tagged(titles: Sequence[str], parts: Sequence[str]) -> str:
    return "\n".join(f"<{title}>{part}</{title}>" for title, part in zip(titles, parts, strict=True))


def _split_tagged(titles: Sequence[str], text: str) -> list[str]:
    """Split "<Title>text</Title>". No XML: a title may hold spaces, and a text any sign but its own closing tag."""
    alternatives = "|".join(re.escape(title) for title in titles)
    matches = list(re.finditer(rf"<({alternatives})>(.*?)</\1>", text, re.IGNORECASE | re.DOTALL))
    _check_order(titles, [match.group(1) for match in matches])
    starts, ends = [match.start() for match in matches], [match.end() for match in matches]
    for start, end in zip([0, *ends], [*starts, len(text)], strict=True):
        _check_outside(text[start:end], "outside the tags")
    return _checked_parts(titles, [squeeze(match.group(2)) for match in matches])


LAYOUTS: dict[str, Layout] = {
    "prose": Layout(_write_prose, _split_prose, mark=""),
    "headed": Layout(_write_headed, _split_headed, mark="{title}:"),
    "tagged": Layout(_write_tagged, _split_tagged, mark="<{title}>"),
}


def _check_order(titles: Sequence[str], headings: Sequence[str]) -> None:
    """Raise `FormError` unless the headings in a text are the titles, each once and in order."""
    lowered = [title.lower() for title in headings]
    if lowered != [title.lower() for title in titles]:
        missing = [title for title in titles if title.lower() not in lowered]
        raise FormError("format", f"missing {', '.join(missing)}" if missing else f"steps out of order or twice: {lowered}")


def _check_outside(text: str, where: str) -> None:
    """Raise `FormError` for words where a layout allows none."""
    if text.strip(" \t\r\n*_#`"):
        raise FormError("format", f"text {where}: {clip(text, 40)!r}")


def _checked_parts(titles: Sequence[str], parts: list[str]) -> list[str]:
    """Return the parts. Raises `FormError` for an empty one."""
    for title, part in zip(titles, parts, strict=True):
        if not part:
            raise FormError("format", f"nothing under {title}")
    return parts


@dataclasses.dataclass(frozen=True, slots=True)
class Form:
    """The form of a caption: a layout, the titles of its parts, and the sentences that state a verdict at its end.

    Args:
        layout: a key of `LAYOUTS`.
        titles: of the parts, in order; none for running text.
        verdicts: the sentence for each verdict; empty for a caption that states none.

    >>> form = Form("headed", ("Skin", "Verdict"), {Verdict.ATTACK: "It is an attack."})
    >>> print(form.write(["Dots.", "So."], Verdict.ATTACK))
    Skin: Dots.
    Verdict: So. It is an attack.
    >>> form.parse("skin: Dots.\\n\\nVERDICT: So. It is an attack.")
    (['Dots.', 'So.'], <Verdict.ATTACK: 'attack'>)
    """

    layout: str
    titles: tuple[str, ...] = ()
    verdicts: Mapping[Verdict, str] = dataclasses.field(default_factory=dict)

    def write(self, parts: Sequence[str], verdict: Verdict) -> str:
        """Return the text of a caption. Raises `ValueError` for another number of parts than titles (running text: 1)."""
        count = max(1, len(self.titles))
        if len(parts) != count:
            raise ValueError(f"layout {self.layout}: {len(parts)} parts for {count}")
        if self.verdicts:
            parts = [*parts[:-1], f"{parts[-1]} {self.verdicts[verdict]}".strip()]
        return self._layout().write(self.titles, parts)

    def split(self, text: str) -> list[str]:
        """Return the parts of a caption, the sentence of the verdict still at the end of the last. Raises `FormError`."""
        return self._layout().split(self.titles, text)

    def parse(self, text: str) -> tuple[list[str], Verdict]:
        """Return the parts of a caption without the sentence of the verdict, and the verdict.

        The verdict is undecided if the form states none. Raises `FormError`.
        """
        parts = self.split(text)
        if not self.verdicts:
            return parts, Verdict.UNDECIDED
        last, verdict = self._split_verdict(parts[-1])
        parts = [*parts[:-1], last]
        if any(self._sentence().search(part) for part in parts):
            raise FormError("format", "a verdict stands before the end")
        return parts, verdict

    def is_marked(self, text: str) -> bool:
        """Return whether a text holds the mark of one of the titles, as a text of this form would."""
        mark = self._layout().mark
        return any(mark.format(title=title) in text for title in self.titles)

    def fields(self) -> list[str]:
        """Return the names of the parts in a JSON answer, in order."""
        return [title.lower().replace(" ", "_") for title in self.titles] or ["text"]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an answer: a text per part and, if the form states one, the verdict."""
        properties: dict[str, Any] = {field: {"type": "string"} for field in self.fields()}
        if self.verdicts:
            properties[VERDICT_FIELD] = {"type": "string", "enum": list(self.verdicts.values())}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def write_json(self, parts: Sequence[str], verdict: Verdict) -> str:
        """Return a caption as the JSON object that `schema` describes."""
        answer = dict(zip(self.fields(), parts, strict=True))
        if self.verdicts:
            answer[VERDICT_FIELD] = self.verdicts[verdict]
        return json.dumps(answer, ensure_ascii=False)

    def text_of_json(self, text: str) -> str:
        """Return the text that `write` makes of a JSON answer. Raises `FormError`."""
        try:
            answer = json.loads(_FENCE.sub("", text.strip()))
        except ValueError:
            raise FormError("format", "no valid JSON") from None
        fields = [*self.fields(), *([VERDICT_FIELD] if self.verdicts else [])]
        if not isinstance(answer, dict) or sorted(answer) != sorted(fields):
            content = ", ".join(map(str, answer)) if isinstance(answer, dict) else type(answer).__name__
            raise FormError("format", f"JSON with {content}")
        if not all(isinstance(value, str) for value in answer.values()):
            raise FormError("format", "JSON with a value that is no text")
        parts = [squeeze(answer[field]) for field in self.fields()]
        if not any(parts):
            raise FormError("empty")
        if not self.verdicts:
            return self.write(parts, Verdict.UNDECIDED)
        sentence = squeeze(answer[VERDICT_FIELD]).rstrip(".").lower()
        if sentence not in self._verdict_of():
            raise FormError("no verdict", clip(squeeze(answer[VERDICT_FIELD]).rstrip(".")))
        # A prompt that asks for the verdict at the end of the text may have got it there as well.
        last = _TRAILING.sub("", parts[-1])
        if last.lower().endswith(sentence):
            parts[-1] = last[: -len(sentence)].rstrip()
        return self.write(parts, self._verdict_of()[sentence])

    def _layout(self) -> Layout:
        return names.lookup(LAYOUTS, self.layout, "layout")

    def _verdict_of(self) -> dict[str, Verdict]:
        """Return the verdicts by their sentences, in lower case and without the full stop."""
        return {sentence.rstrip(".").lower(): verdict for verdict, sentence in self.verdicts.items()}

    def _sentence(self) -> re.Pattern[str]:
        """Return a pattern that finds the sentence of any verdict."""
        return re.compile("(" + "|".join(map(re.escape, self._verdict_of())) + ")", re.IGNORECASE)

    def _split_verdict(self, text: str) -> tuple[str, Verdict]:
        """Split the sentence of the verdict off the end of a text. Raises `FormError` for a text without one."""
        trimmed = _TRAILING.sub("", text)
        matches = list(self._sentence().finditer(trimmed))
        if not matches or matches[-1].end() != len(trimmed):
            raise FormError("no verdict", clip(text[-80:]))
        last = matches[-1]
        return trimmed[: last.start()].rstrip(" *_"), self._verdict_of()[last.group(1).lower()]


def squeeze(text: str) -> str:
    """Return a text on one line, with single blanks and without bold markup.

    >>> squeeze("**Wavy** stripes\\nrun  over")
    'Wavy stripes run over'
    """
    return " ".join(text.replace("**", " ").replace("__", " ").split())


def clip(text: str, length: int = 80) -> str:
    """Return at most `length` characters of a text, on one line."""
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 3] + "..."
