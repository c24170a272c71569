"""Where a request stands by what is in the store: answered, failed, or which attempt comes next. Asks nobody."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TypeVar

from fasrepro.llm.store import Store
from fasrepro.llm.types import Answer, ChatRequest, Endpoint, Failure, Rejected, Reply, attempts, request_key

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """The attempt that comes next: its number, its question (a variant where the first was refused), and its key."""

    number: int
    question: ChatRequest
    key: str
    rejected: tuple[str, ...]


def standing(
    name: str,
    request: ChatRequest,
    endpoint: Endpoint,
    store: Store,
    accept: Callable[[str, Reply], T],
    error_of: Callable[[str], str | None],
) -> Answer[T] | Failure | Pending:
    """Go through a request's attempts as far as the store knows them.

    `accept(name, reply)` raises `Rejected` for a reply to ask again. `error_of(key)` gives the error by which an attempt without
    a reply is used up, or None where it is still to be made.
    """
    codes: list[str] = []
    reason = ""
    steps = attempts(request, endpoint)
    step = next(steps, None)
    while step is not None:
        number, question = step
        key = request_key(endpoint, question, number)
        record = store.get(key)
        if record is not None:
            try:
                value = accept(name, Reply(key, record["text"], record["finish_reason"]))
            except Rejected as problem:
                reason = str(problem)
                codes.append(problem.code)
            else:
                return Answer(value, key, number + 1, tuple(codes), question.prompt_version)
        else:
            error = error_of(key)
            if error is None:
                return Pending(number, question, key, tuple(codes))
            reason = error
            codes.append(error.split(":")[0])
        try:
            step = steps.send(codes[-1])
        except StopIteration:
            step = None
    return Failure(reason, tuple(codes))
