"""Pieces of MyST Markdown: tables, figures, cards, and texts escaped so that a page shows them letter by letter.

A text that a model or a person wrote is not trusted. It enters a page as HTML in which every character that HTML or Markdown
could interpret is written as a character reference.
"""

from __future__ import annotations

import dataclasses
import html
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

NOTHING = "–\n"  # of a fragment without figures, where the answer says why
# Characters that begin something in Markdown, MyST substitutions or formulas; HTML's own are escaped too.
_SPECIAL = str.maketrans({char: f"&#{ord(char)};" for char in "`{}$\\*_[]|~^:@"})
# Everything that `str.splitlines`, and so docutils, takes for the end of a line.
_LINE_ENDS = re.compile(r"\s*[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]\s*")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff]")


@dataclasses.dataclass(frozen=True, slots=True)
class Link:
    """A cell of a table that leads to another page; `url` is ours or a published one, not a text of a model or a person."""

    text: str
    url: str


@dataclasses.dataclass(frozen=True)
class Html:
    """A cell of a table that is HTML already."""

    text: str


def escape(text: str) -> str:
    """Return `text` as one line of HTML that shows it letter by letter.

    Line ends become <br>, and control characters the replacement character.

    >>> escape("a *b* <i>")
    'a &#42;b&#42; &lt;i&gt;'
    """
    return escape_part(text.strip())


def escape_part(text: str) -> str:
    """Escape a piece of a longer text: blanks at both ends are kept."""
    return _LINE_ENDS.sub("<br>", _CONTROLS.sub("\N{REPLACEMENT CHARACTER}", html.escape(text).translate(_SPECIAL)))


def with_code(text: str) -> str:
    """Return a sentence of ours as HTML, with what stands between backticks as code.

    >>> with_code("run `a < b`")
    'run <code>a &lt; b</code>'
    """
    parts = text.split("`")
    return "".join(f"<code>{escape_part(part)}</code>" if number % 2 else escape_part(part) for number, part in enumerate(parts))


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """Return a pipe table; cells are escaped, and columns of numbers are aligned on the right."""
    cells = [list(row) for row in rows]
    numeric = [bool(cells) and all(_is_number(str(row[place])) for row in cells) for place in range(len(columns))]
    lines = [
        columns,
        ["---:" if right else "---" for right in numeric],
        *([_escape_cell(cell) for cell in row] for row in cells),
    ]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def _escape_cell(cell: Any) -> str:
    """Escape a cell; an interval stays on one line."""
    if isinstance(cell, Html):
        return cell.text
    if isinstance(cell, Link):
        return f"[{escape(cell.text)}]({cell.url})"
    text = str(cell)
    return re.sub(r"(?<=[\d.]), (?=[-+\d])", ",&nbsp;", escape(text))


def _is_number(text: str) -> bool:
    return text.replace(".", "").replace("-", "").replace("%", "").isdigit()


def figure(path: str, caption: str, alt: str) -> str:
    """Return a figure with its caption.

    `path` is taken from the book's root; `alt` describes the figure for readers who cannot see it.
    """
    return f"```{{figure}} /{path}\n:alt: {_one_line(alt)}\n:width: 100%\n\n{_one_line(caption)}\n```\n"


def answer(text: str) -> str:
    """Return the paragraph that answers a page's question."""
    return f"**Answer.** {text}"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def alt_text(text: str) -> str:
    """Return `text` without characters that a directive's option could interpret."""
    return re.sub(r"[^\w .,()#/-]", " ", text)


def card(title: str, body: str, picture: str | None, note: str = "") -> str:
    """Return a sphinx-design card.

    `title` is escaped here, `body` and `note` are ready HTML, and `picture` is a path from the book's root.
    """
    lines = [":::{grid-item-card}", f'<div class="card-heading">{escape(title)}</div>', ""]
    if picture:
        lines += [f"```{{image}} /{picture}", f":alt: {alt_text(title)}", ":class: face", "```", ""]
    lines.append(f'<div class="model-text">{body}</div>')
    if note:
        lines.append(f'<div class="model-note">{note}</div>')
    return "\n".join([*lines, ":::"])


def card_grid(cards: Sequence[str]) -> str:
    """Return cards as a grid of two columns, or one on a narrow screen."""
    return "\n".join(["::::{grid} 1 1 2 2", ":gutter: 2", "", *cards, "::::", ""])


def raw_html(lines: Sequence[str]) -> list[str]:
    """Return the lines of a block of HTML that reaches the page unchanged; no line may be empty or hold a line end."""
    return ["```{raw} html", *lines, "```", ""]


def substitutions(name: str, value: Any) -> dict[str, str]:
    """Return the names and texts that a page may substitute for a value: keys are joined by underscores.

    A list of scalars is one text; an item of another list is called by its "name".

    >>> substitutions("archives", {"msu": {"train": 6}, "source": "synthetic"})
    {'archives_msu_train': '6', 'archives_source': 'synthetic'}
    """
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = dataclasses.asdict(value)
    if isinstance(value, Mapping):
        texts: dict[str, str] = {}
        for key, item in value.items():
            texts |= substitutions(f"{name}_{key}", item)
        return texts
    if isinstance(value, (list, tuple)):
        if any(isinstance(item, Mapping) for item in value):
            return substitutions(name, {item.get("name", number): item for number, item in enumerate(value)})
        return {name: escape(", ".join(map(str, value)))}
    return {name: escape(str(value).lower() if isinstance(value, bool) else str(value))}
