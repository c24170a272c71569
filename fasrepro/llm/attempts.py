"""The attempts at a request: the question of each one, and its outcome as far as the store knows it. Sends nothing."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Generator
from typing import TypeVar

from fasrepro.llm.store import Store
from fasrepro.llm.types import REFUSED, Answer, ChatRequest, Endpoint, Failure, Rejected, Reply, request_key

T = TypeVar("T")


@dataclasses.dataclass(frozen=True, slots=True)
class Pending:
    """The attempt to make next.

    Args:
        number: of the attempt, from 0.
        question: the request, or one of its fallbacks if it was refused.
        key: of this attempt in the store.
        rejected: the codes of the attempts before it.
    """

    number: int
    question: ChatRequest
    key: str
    rejected: tuple[str, ...]


def schedule(request: ChatRequest, endpoint: Endpoint) -> Generator[tuple[int, ChatRequest], str, None]:
    """Yield (number, question) for each attempt at a request; send it the code for which that attempt's reply was rejected.

    "" is sent for an attempt that ended in an error, without a reply. A refusal counts against its prompt; of a request in rounds
    every rejected reply does. After `endpoint.refusals` refusals, or one reply of a round, the next fallback is asked. The
    attempts end with the last fallback's, and after `endpoint.attempts` in all; such a request is then left to people.
    """
    variants, counted = (request, *request.fallbacks), 0
    allowed = 1 if request.in_rounds else endpoint.refusals
    for number in range(endpoint.attempts):
        if counted // allowed >= len(variants):
            return
        code = yield number, variants[counted // allowed]
        counted += bool(code) if request.in_rounds else code == REFUSED


def replay(
    name: str,
    request: ChatRequest,
    endpoint: Endpoint,
    store: Store,
    accept: Callable[[str, Reply], T],
    error_of: Callable[[str], str | None],
) -> Answer[T] | Failure | Pending:
    """Go through a request's attempts as far as the store knows them; return the outcome, or the attempt to make next.

    Args:
        name: of the request, passed to `accept`.
        request: the question, with its fallbacks.
        endpoint: bounds the attempts.
        store: holds the replies.
        accept: returns the value of a reply; raises `Rejected` for one that must be asked again.
        error_of: returns the error with which the attempt of that key was used up, None if it may still be made.
    """
    codes: list[str] = []
    reason = ""
    steps = schedule(request, endpoint)
    step = next(steps, None)
    while step is not None:
        number, question = step
        key = request_key(endpoint, question, number)
        record, code = store.get(key), ""
        if record is not None:
            try:
                value = accept(name, Reply(key, record["text"], record["finish_reason"]))
            except Rejected as problem:
                reason, code = str(problem), problem.code
                codes.append(code)
            else:
                return Answer(value, key, number + 1, tuple(codes), question.prompt_version)
        else:
            error = error_of(key)
            if error is None:
                return Pending(number, question, key, tuple(codes))
            reason = error
            codes.append(error.split(":")[0])
        try:
            step = steps.send(code)
        except StopIteration:
            step = None
    return Failure(reason, tuple(codes))
