"""What servers say about errors: their words, in whichever shape they come, and whether a filter stopped one question."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from fasrepro.llm.types import FILTER_CODES

IMAGE_DATA = re.compile(r"[A-Za-z0-9+/=_-]{120,}")  # servers quote the body that they refuse, image and all
DEPTH = 5  # to which an error may wrap another
FILTER_STATUSES = (400, 403, 422, 451)  # with which filters stop a question
# How they say so where no code does.
FLAGGED = re.compile(
    r"\bflagged\b|\bmoderat(?:ion|ed)\b|content[ _-]?(?:policy|filter|management)|safety (?:system|filter|polic)"
    r"|data_inspection_failed|inappropriate content|usage polic",
    re.IGNORECASE,
)


class EnclosedError(ValueError):
    """A server's answer that holds an error in place of a completion, though its HTTP status says that all is well.

    Args:
        body: the error, of any shape.
    """

    def __init__(self, body: Any) -> None:
        super().__init__(words_of(body))
        self.body = body
        code = str(member(body, "code") or member(body, "status") or "")
        self.status = int(code) if re.fullmatch(r"[45]\d\d", code) else 0


def words_of(body: Any) -> str:
    """Return the words of an error's body of any shape, in one line, without what may be an image; "" for an empty one.

    OpenAI has `error.message`, FastAPI `detail`, Gemini a list of errors, and a proxy plain text.

    >>> words_of([{"error": {"code": 400, "message": "Unknown name: seed"}}]), words_of("just words")
    ('Unknown name: seed', 'just words')
    """
    words = _said(body)
    text = words if isinstance(words, str) else json.dumps(words, ensure_ascii=False) if words else ""
    return " ".join(IMAGE_DATA.sub("...", text).split())


def _said(body: Any, depth: int = 0) -> Any:
    if depth > DEPTH:
        return "an error inside of errors"
    if isinstance(body, Mapping):
        said = next((body[name] for name in ("message", "detail", "error") if body.get(name)), None)
        return body if said is None else _said(said, depth + 1)
    if isinstance(body, list) and body and all(isinstance(item, str) or _said(item, depth + 1) != item for item in body):
        parts = [_said(item, depth + 1) for item in body]
        return "; ".join(part if isinstance(part, str) else json.dumps(part, ensure_ascii=False) for part in parts)
    return body


def member(body: Any, name: str, depth: int = 0) -> Any:
    """Return the member of an error's body, or of the error that it wraps; None if there is none."""
    if isinstance(body, list) and depth <= DEPTH:
        return next((value for value in (member(item, name, depth + 1) for item in body) if value), None)
    if not isinstance(body, Mapping) or depth > DEPTH:
        return None
    return body.get(name) or member(body.get("error"), name, depth + 1)


def is_filtered(status: int, body: Any) -> bool:
    """Return whether an error says that a filter stopped this one question; the next may pass."""
    code = member(body, "code")
    if code in FILTER_CODES:
        return status in (0, *FILTER_STATUSES)
    is_other = isinstance(code, str) and not code.isdigit()  # a code in words that names another reason
    return status in FILTER_STATUSES and not is_other and FLAGGED.search(words_of(body)) is not None
