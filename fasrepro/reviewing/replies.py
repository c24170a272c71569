"""What a model has replied about a face so far, each reply with the reason for which it was rejected. Sends nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from fasrepro.llm.attempts import schedule
from fasrepro.llm.store import Store
from fasrepro.llm.types import ChatRequest, Endpoint, Rejected, Reply, request_key


@dataclasses.dataclass(frozen=True, slots=True)
class StoredReply:
    """One attempt at a caption.

    Args:
        number: of the attempt, from 1.
        key: of the reply in the store.
        text: of the reply, clean if it was accepted; "" if there was an error in its place.
        reason: why it was rejected; "" if it was accepted.
        prompt: that was asked.
    """

    number: int
    key: str
    text: str
    reason: str
    prompt: str


def stored_replies(
    face_id: str,
    request: ChatRequest,
    endpoint: Endpoint,
    store: Store,
    accept: Callable[[str, Reply], tuple[str, Any]],
) -> list[StoredReply]:
    """Return the attempts at a caption that the store knows, in order. Only the last one can be accepted.

    Args:
        face_id: of the face, passed to `accept`.
        request: the question about it, with its fallbacks.
        endpoint: of the annotator.
        store: holds the replies.
        accept: returns the clean text of a reply first; raises `Rejected` for one that is no caption.
    """
    replies: list[StoredReply] = []
    steps = schedule(request, endpoint)
    step = next(steps, None)
    while step is not None:
        number, question = step
        key = request_key(endpoint, question, number)
        record, error = store.get(key), store.error(key)
        if record is None and error is None:
            return replies
        text, reason = (record["text"], "") if record is not None else ("", str(error))
        code = ""
        if record is not None:
            try:
                text = accept(face_id, Reply(key, text, record["finish_reason"]))[0]
            except Rejected as problem:
                code, reason = problem.code, str(problem)
        replies.append(StoredReply(number + 1, key, text, reason, question.user))
        if not reason:
            return replies
        try:
            step = steps.send(code)
        except StopIteration:
            step = None
    return replies


def accepted_reply(replies: Sequence[StoredReply]) -> StoredReply | None:
    """Return the reply that is the face's caption, None if every one was rejected."""
    return next((reply for reply in replies if not reply.reason), None)
