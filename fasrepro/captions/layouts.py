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

VERDICT_FIELD = "verdict"  # of a JSON answer, where the verdict is a sentence at the end of the last part
# The tags of paper 2's captions, from the whole picture to the part. The last holds Yes or No, and nothing else.
CONCLUSION = "Conclusion"
TAGS = ("Caption", "Facial Description", "Facial Attributes", "Reasoning", "Spoofing Description", CONCLUSION)
YES, NO = "Yes", "No"
# The codes of `FormError` for a text that is not in its tags, each once and in order.
TAG_FAULTS = (
    "empty",
    "missing tag",
    "doubled tag",
    "nested tag",
    "unclosed tag",
    "unknown tag",
    "tags out of order",
    "text outside tags",
    "two conclusions",
)
# Whatever looks like a tag, of HTML or of a chat template too. Its length is bounded, so that no text takes long to search.
_TAG = re.compile(r"<(/?)([A-Za-z|!?][^<>]{0,60})>")
_FENCE = re.compile(r"^```\w*\s*|\s*```$")
_TRAILING = re.compile(r"[\s.*_\"'`\u201c\u201d]+$")


class FormError(ValueError):
    """A text that does not have a form.

    `code` is "empty", "format", "no verdict" or one of `TAG_FAULTS`; `detail` says what is wrong.
    """

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
    """Split "<Title>text</Title>", letter by letter and in one pass.

    This is no XML: a title may hold blanks, and a text may hold "<" where it begins no tag. Only blanks may stand between tags.
    """
    if not text.strip():
        raise FormError("empty")
    contents = _tag_contents(titles, text)
    present = [title for title, _ in contents]
    for title in titles:
        if present.count(title) > 1:
            raise FormError("two conclusions" if title == CONCLUSION else "doubled tag", f"<{title}>")
    missing = [f"<{title}>" for title in titles if title not in present]
    if missing:
        raise FormError("missing tag", ", ".join(missing))
    if present != list(titles):
        raise FormError("tags out of order", ", ".join(present))
    parts = [squeeze(content) for _, content in contents]
    for title, part in zip(titles, parts, strict=True):
        if not part:
            raise FormError("empty", f"<{title}>")
    return parts


def _tag_contents(titles: Sequence[str], text: str) -> list[tuple[str, str]]:
    """Return (title, content) of every tag, in the order of the text. Raises `FormError` with one of `TAG_FAULTS`."""
    marks = list(_TAG.finditer(text))
    if not marks:
        raise FormError("missing tag", ", ".join(f"<{title}>" for title in titles))
    last_closed = {mark[2]: mark.start() for mark in marks if mark[1]}
    contents: list[tuple[str, str]] = []
    opened, end = "", 0
    for mark in marks:
        closes, title = mark[1] == "/", mark[2]
        between, end = text[end : mark.start()], mark.end()
        if title not in titles:
            raise FormError("unknown tag", clip(mark[0], 40))
        if not opened:
            _check_blank(between)
            if closes:
                raise FormError("missing tag", f"<{title}> before {mark[0]}")
            opened = title
        elif closes and title == opened:
            contents.append((title, between))
            opened = ""
        elif last_closed.get(opened, -1) < mark.start():
            raise FormError("unclosed tag", f"<{opened}> before {mark[0]}")
        else:
            raise FormError("nested tag", f"{mark[0]} in <{opened}>")
    if opened:
        raise FormError("unclosed tag", f"<{opened}>")
    _check_blank(text[end:])
    return contents


def _check_blank(text: str) -> None:
    """Raise `FormError` for words outside the tags."""
    if text.strip():
        raise FormError("text outside tags", repr(clip(text, 40)))


def only_conclusion(text: str) -> str | None:
    """Return what the one Conclusion of a text holds, whatever else the text is; None unless there is exactly one.

    >>> only_conclusion("Dots. <Conclusion> Yes </Conclusion>")
    'Yes'
    >>> only_conclusion("<Conclusion>Yes</Conclusion><Conclusion>No</Conclusion>") is None
    True
    """
    opening, closing = f"<{CONCLUSION}>", f"</{CONCLUSION}>"
    before, _, after = text.partition(opening)
    if text.count(opening) != 1 or text.count(closing) != 1 or closing in before:
        return None
    return after.partition(closing)[0].strip()


def without_tags(text: str, sentences: Mapping[str, str]) -> str:
    """Return a text in tags as lines without them, its one Conclusion put into words; of a text without tags, its lines.

    A title such as "Spoofing Description" states no verdict, and a bare Yes states none until it is known what was asked.

    Args:
        text: in tags, well-formed or not.
        sentences: what each word of a Conclusion says.

    >>> without_tags("<Reasoning>Dots.</Reasoning>\\n<Conclusion>No</Conclusion>", {"No": "This is a presentation attack."})
    'Dots.\\nThis is a presentation attack.'
    """
    word = only_conclusion(text)
    if word in sentences:
        before, _, rest = text.partition(f"<{CONCLUSION}>")
        text = f"{before}\n{sentences[word]}\n{rest.partition(f'</{CONCLUSION}>')[2]}"
    lines = _TAG.sub("\n", text).split("\n")
    return "\n".join(line.strip() for line in lines if line.strip())


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
        verdicts: the sentence for each verdict, or its word in a conclusion; empty for a caption that states none.
        conclusion: the title of one more part, the last, which holds a word of `verdicts` and nothing else; "" for a sentence at
            the end of the last part.

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
    conclusion: str = ""

    @property
    def all_titles(self) -> tuple[str, ...]:
        """Return the titles in a text: of the parts, and of the conclusion."""
        return (*self.titles, self.conclusion) if self.conclusion else self.titles

    @property
    def verdict_field(self) -> str:
        """Return the name of the verdict in a JSON answer."""
        return _field(self.conclusion) if self.conclusion else VERDICT_FIELD

    def write(self, parts: Sequence[str], verdict: Verdict) -> str:
        """Return the text of a caption. Raises `ValueError` for another number of parts than titles (running text: 1)."""
        count = max(1, len(self.titles))
        if len(parts) != count:
            raise ValueError(f"layout {self.layout}: {len(parts)} parts for {count}")
        if self.conclusion:
            parts = [*parts, self.verdicts[verdict]]
        elif self.verdicts:
            parts = [*parts[:-1], f"{parts[-1]} {self.verdicts[verdict]}".strip()]
        return self._layout().write(self.all_titles, parts)

    def split(self, text: str) -> list[str]:
        """Return the parts of a caption, its conclusion or the sentence of its verdict still at the end. Raises `FormError`."""
        return self._layout().split(self.all_titles, text)

    def parse(self, text: str) -> tuple[list[str], Verdict]:
        """Return the parts of a caption without its conclusion or the sentence of its verdict, and the verdict.

        The verdict is undecided if the form states none. Raises `FormError`.
        """
        parts = self.split(text)
        if not self.verdicts:
            return parts, Verdict.UNDECIDED
        if self.conclusion:
            return parts[:-1], self._verdict_of_word(parts[-1])
        last, verdict = self._split_verdict(parts[-1])
        parts = [*parts[:-1], last]
        if any(self._sentence().search(part) for part in parts):
            raise FormError("format", "a verdict stands before the end")
        return parts, verdict

    def is_marked(self, text: str) -> bool:
        """Return whether a text holds the mark of one of the titles, as a text of this form would."""
        mark = self._layout().mark
        return any(mark.format(title=title) in text for title in self.all_titles)

    def fields(self) -> list[str]:
        """Return the names of the parts in a JSON answer, in order."""
        return [_field(title) for title in self.titles] or ["text"]

    def schema(self) -> dict[str, Any]:
        """Return the JSON schema of an answer: a text per part and, if the form states one, the verdict."""
        properties: dict[str, Any] = {field: {"type": "string"} for field in self.fields()}
        if self.verdicts:
            properties[self.verdict_field] = {"type": "string", "enum": list(self.verdicts.values())}
        return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}

    def write_json(self, parts: Sequence[str], verdict: Verdict) -> str:
        """Return a caption as the JSON object that `schema` describes."""
        answer = dict(zip(self.fields(), parts, strict=True))
        if self.verdicts:
            answer[self.verdict_field] = self.verdicts[verdict]
        return json.dumps(answer, ensure_ascii=False)

    def text_of_json(self, text: str) -> str:
        """Return the text that `write` makes of a JSON answer. Raises `FormError`."""
        try:
            answer = json.loads(_FENCE.sub("", text.strip()))
        except ValueError:
            raise FormError("format", "no valid JSON") from None
        fields = [*self.fields(), *([self.verdict_field] if self.verdicts else [])]
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
        sentence = squeeze(answer[self.verdict_field]).rstrip(".").lower()
        if sentence not in self._verdict_of():
            raise FormError("no verdict", clip(squeeze(answer[self.verdict_field]).rstrip(".")))
        # A prompt that asks for the verdict at the end of the text may have got it there as well.
        last = _TRAILING.sub("", parts[-1])
        if not self.conclusion and last.lower().endswith(sentence):
            parts[-1] = last[: -len(sentence)].rstrip()
        return self.write(parts, self._verdict_of()[sentence])

    def _layout(self) -> Layout:
        return names.lookup(LAYOUTS, self.layout, "layout")

    def _verdict_of(self) -> dict[str, Verdict]:
        """Return the verdicts by their sentences, in lower case and without the full stop."""
        return {sentence.rstrip(".").lower(): verdict for verdict, sentence in self.verdicts.items()}

    def _verdict_of_word(self, text: str) -> Verdict:
        """Return the verdict of a conclusion, which is a word of `verdicts` letter by letter. Raises `FormError`."""
        for verdict, word in self.verdicts.items():
            if text == word:
                return verdict
        both = set(self.verdicts.values()) <= set(re.findall(r"\w+", text))
        raise FormError("two conclusions" if both else "no verdict", clip(text))

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


def yes_or_no(conclusion_yes: Verdict) -> dict[Verdict, str]:
    """Return the word of each verdict in a conclusion where Yes means `conclusion_yes`. Raises `ValueError` for undecided.

    >>> yes_or_no(Verdict.ATTACK)[Verdict.BONA_FIDE]
    'No'
    """
    if conclusion_yes is Verdict.UNDECIDED:
        raise ValueError("conclusion_yes: Yes means bona_fide or attack")
    return {verdict: YES if verdict is conclusion_yes else NO for verdict in (Verdict.BONA_FIDE, Verdict.ATTACK)}


def tagged_form(conclusion_yes: Verdict) -> Form:
    """Return the form of paper 2's captions, where Yes in the conclusion means `conclusion_yes`."""
    return Form("tagged", TAGS[:-1], yes_or_no(conclusion_yes), CONCLUSION)


def _field(title: str) -> str:
    return title.lower().replace(" ", "_")


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
