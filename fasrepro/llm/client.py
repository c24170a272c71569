"""The one seam to a language model over the network: an OpenAI-compatible endpoint, asked within bounds, every reply kept.

The only module that imports openai. An attempt is one request; its number enters `seed`, a real parameter of the API, so each
attempt is another request with its own key in the store. A request that the server throttles was no attempt: it is sent again,
later and among fewer. What was received is stored before it is judged, and what is in the store is never asked again: a run that
was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import re
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import openai
from openai.types.chat import ChatCompletion

from fasrepro import hashing
from fasrepro.llm import batch_journal, capabilities, pricing, rate_limit, types
from fasrepro.llm.attempts import Pending, standing
from fasrepro.llm.buffered_writer import Keeper
from fasrepro.llm.store import Store
from fasrepro.llm.types import (
    Abilities,
    Answer,
    ChatRequest,
    Endpoint,
    EndpointError,
    Failure,
    Progress,
    Rejected,
    Reply,
    Transport,
    is_local,
    redact,
    retry_after,
    shown_host,
)

__all__ = ["ChatRequest", "Endpoint", "EndpointError", "Rejected", "Reply", "Store", "complete"]  # what callers need beside it

T = TypeVar("T")

THROTTLED = 20  # times that one attempt is put off before it counts as failed
LONGEST_BACKOFF_S = 30.0
AGAIN = (408, 409, 425, 429)  # and every 5xx: the same request may go well later
REMEDIES = {
    401: "the key in OPENAI_API_KEY is missing or not valid for this server",
    403: "the key in OPENAI_API_KEY may not use this model; see the account's permissions",
    404: "no such model or path: see annotator.model and annotator.base_url (it usually ends in /v1)",
}


def complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    progress: Callable[[Progress], None] | None = None,
    max_failures: int | None = None,
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    """Ask until `accept(id, reply)` returns a value for each request, or its attempts are used up.

    `accept` raises `checks.Rejected` for a reply to ask again. Returns answers and failures, each in the order of `requests`.
    Raises `EndpointError` at once for HTTP 401, 403, 404 and a spent quota, when more than `max_failures` have failed, and where
    the model takes no images; `BudgetError` when the budget does not cover the next request, `PriceError` without a price.
    Ctrl-C ends with `KeyboardInterrupt`; all that was received by then is in the store.
    """
    run = _Run(accept, endpoint, store, progress, max_failures, len(requests))
    try:
        asyncio.run(run.all(iter(requests.items())))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    answers = {name: run.answers[name] for name in requests if name in run.answers}
    return answers, {name: run.failures[name] for name in requests if name in run.failures}


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Run(Generic[T]):
    """The state of one `complete`."""

    def __init__(
        self,
        accept: Callable[[str, Reply], T],
        endpoint: Endpoint,
        store: Store,
        progress: Callable[[Progress], None] | None,
        max_failures: int | None,
        total: int,
    ) -> None:
        self.accept, self.endpoint, self.store, self.progress = accept, endpoint, store, progress
        self.max_failures, self.total = max_failures, total
        self.answers: dict[str, Answer[T]] = {}
        self.failures: dict[str, Failure] = {}
        self.asking: dict[str, asyncio.Event] = {}
        self.asked = 0
        self.workers: set[asyncio.Task[None]] = set()
        self.sent: set[asyncio.Task[Any] | None] = set()  # the workers whose request is at the server
        self.keeper = Keeper(store)
        self.stopped: Exception | None = None
        self.broken: dict[str, Failure] = {}  # of the failures those that are a fault of the server's
        self.pace = rate_limit.Pace(endpoint.concurrency)
        local, bounded = is_local(endpoint.base_url), endpoint.budget_usd is not None
        price = pricing.needed_price(endpoint.model, local) if bounded else pricing.price_of(endpoint.model)
        self.under_way = pricing.UnderWay(store)
        self.budget = pricing.Budget(endpoint.budget_usd, lambda: pricing.spent(store) + self.under_way.usd(), price)
        self.abilities: Abilities | None = None if endpoint.probe else Abilities()
        self.probing = asyncio.Lock()

    async def all(self, names: Iterator[tuple[str, ChatRequest]]) -> None:
        try:
            async with _client(self.endpoint) as self.client, asyncio.TaskGroup() as group:
                for _ in range(max(1, min(self.endpoint.concurrency, self.total))):
                    self.workers.add(group.create_task(self._work(names)))
        finally:
            # Neither Ctrl-C nor an error loses what was paid for.
            await self.keeper.all_kept()
        if self.stopped is not None:
            raise self.stopped

    async def _work(self, names: Iterator[tuple[str, ChatRequest]]) -> None:
        try:
            for name, request in names:  # one iterator that all workers share
                await self._one(name, request)
                if self.progress:
                    done = len(self.answers) + len(self.failures)
                    self.progress(Progress(done, self.total, self.asked, self.budget.spent()))
        except (ValueError, OSError) as error:
            self._stop(error)

    def _fail(self, name: str, failure: Failure) -> None:
        """Note a failure. Raises `EndpointError` for too many; what a model declines is for people, and not among them."""
        self.failures[name] = failure
        if failure.rejected[-1:] != (types.REFUSED,):
            self.broken[name] = failure
        if self.max_failures is not None and len(self.broken) > self.max_failures:
            failed = "; ".join(f"{key}: {failure.reason}" for key, failure in list(self.broken.items())[:3])
            raise EndpointError(f"{len(self.broken)} of {self.total} requests failed, {self.max_failures} may. {failed}")

    def _stop(self, error: Exception) -> None:
        """End the run with `error` once all that was sent, and is to be paid for, has come back; nothing more is sent."""
        self.stopped = self.stopped or error
        for worker in self.workers - self.sent - {asyncio.current_task()}:
            worker.cancel()

    def _go_on(self) -> None:
        if self.stopped is not None:
            raise self.stopped

    async def _one(self, name: str, request: ChatRequest) -> None:
        # An attempt whose error is in the store is used up, so that a run that was killed goes on as if it had not been. When
        # nothing else is left, such attempts are made once more: the outage may be over.
        errors: dict[str, str] = {}
        for error_of in (self.store.error, errors.get):
            while isinstance(found := standing(name, request, self.endpoint, self.store, self.accept, error_of), Pending):
                try:
                    await self._reply(found)
                except Transport as problem:
                    errors[found.key] = str(problem)
                    if problem.final:
                        return self._fail(name, Failure(str(problem), (*found.rejected, problem.code)))
            if isinstance(found, Answer):
                self.answers[name] = found
                return None
        return self._fail(name, found)

    async def _reply(self, wanted: Pending) -> None:
        """See to it that an attempt's reply is in the store. Raises `Transport`."""
        key = wanted.key
        while key in self.asking:  # the same pixels and words under another id
            await self.asking[key].wait()
        if self.store.get(key) is None:
            self.asking[key] = asyncio.Event()
            try:
                await self._ask(wanted)
            finally:
                self.asking.pop(key).set()

    async def _ask(self, wanted: Pending) -> None:
        """Ask until the server takes the request, and store what came of it. Raises as `complete` does, and `Transport`."""
        endpoint, request = self.endpoint, wanted.question
        abilities = await self._probed(looks=request.image is not None)
        image = request.image() if request.image is not None else None
        if image is not None:
            types.looks(endpoint, abilities)
        record = {"key": wanted.key, "request": types.described(endpoint, request, wanted.number)}
        body = types.body(endpoint, request, wanted.number, image, abilities)
        most = pricing.most(self.budget.price, request, image, endpoint.max_tokens)
        for throttled in range(THROTTLED + 1):
            self._go_on()
            if (batch := self.under_way.batches().get(wanted.key)) is not None:
                raise EndpointError(batch_journal.said(self.store.path.parent, batch))
            async with self.budget.affordable(most), self.pace.slot() as round_, self._at_the_server():
                self.asked += 1
                began = time.monotonic()
                try:
                    answer = await _post(self.client, endpoint, body)
                except Transport as problem:
                    failed = problem
                    if problem.throttled and throttled < THROTTLED:
                        self.pace.throttled(round_, problem.wait or min(LONGEST_BACKOFF_S, endpoint.backoff_s * 2**throttled))
                        continue
                    self.pace.answered()
                    self.pace.wait(problem.wait)
                    if problem.final:  # not stored: it cost nothing, and whoever mends the cause wants it asked again
                        raise
                    await self.keeper.keep({**record, "error": str(problem), "usage": most if problem.billed else {}})
                    break
                self.pace.answered()
                usage, seconds = pricing.billed(answer, most), round(time.monotonic() - began, 3)
                await self.keeper.keep({**record, **answer, "usage": usage, "seconds": seconds})
                return
        self._go_on()
        jitter = 0.75 + 0.5 * hashing.unit_hash(wanted.key)
        await asyncio.sleep(min(LONGEST_BACKOFF_S, endpoint.backoff_s * 2**wanted.number) * jitter)
        raise failed

    async def _probed(self, looks: bool) -> Abilities:
        async with self.probing:
            if self.abilities is None:
                self.abilities = await _abilities(self.client, self.endpoint, self.store, looks)
            return self.abilities

    @contextlib.asynccontextmanager
    async def _at_the_server(self) -> AsyncIterator[None]:
        self.sent.add(asyncio.current_task())
        try:
            yield
        finally:
            self.sent.discard(asyncio.current_task())


def abilities(endpoint: Endpoint, store: Store) -> Abilities:
    """Return what the server takes, as the store knows it, else as it is found out now. Raises `EndpointError`."""

    async def found() -> Abilities:
        async with _client(endpoint) as client:
            return await _abilities(client, endpoint, store, looks=True)

    return asyncio.run(found()) if endpoint.probe else Abilities()


async def _abilities(client: openai.AsyncOpenAI, endpoint: Endpoint, store: Store, looks: bool) -> Abilities:
    """`looks`: images are to be asked about; a server that took none is then tried again, since it may have been mended."""
    number, known = 0, None
    while (record := store.get(capabilities.key(endpoint, number))) is not None:
        known, number = Abilities(**json.loads(record["text"])), number + 1
    if known is None or (looks and not known.images):
        small = dataclasses.replace(endpoint, max_tokens=capabilities.TOKENS)
        known, usage = await capabilities.probe(small, lambda body: _patiently(client, small, body))
        request = {"model": endpoint.model, "prompt_version": f"probe-{capabilities.VERSION}"}
        said = {"text": json.dumps(dataclasses.asdict(known)), "finish_reason": "stop", "usage": usage}
        record = {"key": capabilities.key(endpoint, number), "request": request, **said}
        await asyncio.shield(asyncio.to_thread(store.append, record))
    print(capabilities.said(endpoint, known), file=sys.stderr, flush=True)
    return known


@contextlib.contextmanager
def connected(endpoint: Endpoint) -> Iterator[openai.OpenAI]:
    """Yield a client for what is no question: files and batches. What it raises leaves as `EndpointError` with its status."""
    http = openai.DefaultHttpxClient(trust_env=not is_local(endpoint.base_url))
    retries = max(0, endpoint.attempts - 1)
    settings = {"base_url": endpoint.base_url, "api_key": endpoint.api_key, "max_retries": retries, "timeout": endpoint.timeout_s}
    with openai.OpenAI(**settings, http_client=http) as client:
        try:
            yield client
        except openai.OpenAIError as error:
            said = f"{shown_host(endpoint.base_url)}: {_problem(error, endpoint)}"
            raise EndpointError(said, getattr(error, "status_code", 0)) from None


def fields_of(completion: Any, endpoint: Endpoint) -> dict[str, Any]:
    """Return what a store record says of a completion that came as JSON. Raises `ValueError`."""
    if not isinstance(completion, dict):
        raise ValueError("no chat completion")
    return _fields(ChatCompletion.construct(**completion), endpoint)  # as the library makes one of what a server answers


def _client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    # A server on this machine is never behind the proxy that the environment may name.
    http = openai.DefaultAsyncHttpxClient(trust_env=not is_local(endpoint.base_url))
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0, timeout=endpoint.timeout_s, http_client=http
    )


async def _patiently(client: openai.AsyncOpenAI, endpoint: Endpoint, body: dict[str, Any]) -> dict[str, Any]:
    """Post as `_post` does, and again where that may help. Raises the last `Transport`."""
    for attempt in range(endpoint.attempts):
        try:
            return await _post(client, endpoint, body)
        except Transport as problem:
            if problem.final or attempt == endpoint.attempts - 1:
                raise
            await asyncio.sleep(problem.wait or min(LONGEST_BACKOFF_S, endpoint.backoff_s * 2**attempt))
    raise ValueError("an endpoint makes at least one attempt")


async def _post(client: openai.AsyncOpenAI, endpoint: Endpoint, body: dict[str, Any]) -> dict[str, Any]:
    """Make one request; return the reply's fields of a store record. Raises `Transport`, and `EndpointError`."""
    try:
        async with asyncio.timeout(endpoint.timeout_s):  # the whole exchange: httpx bounds each read only
            # As `chat.completions.create` does, without its walk through the body after types that ours has none of: that would
            # be about a third of what a question costs here.
            return _fields(await client.post("/chat/completions", cast_to=ChatCompletion, body=body), endpoint)
    except TimeoutError:
        raise Transport("timeout", f"no reply in {endpoint.timeout_s} s", billed=True) from None
    except openai.BadRequestError as error:
        if error.code in types.FILTERS:
            return types.filtered(_message(error), endpoint.api_key)
        raise _problem(error, endpoint) from None
    except (openai.OpenAIError, ValueError) as error:
        raise _problem(error, endpoint) from None


def _fields(completion: Any, endpoint: Endpoint) -> dict[str, Any]:
    """Return a completion's fields of a store record. Raises `ValueError`."""
    if not isinstance(completion, ChatCompletion) or not isinstance(getattr(completion, "choices", None), list):
        raise ValueError("the server's answer is no chat completion; does base_url end in /v1?")
    text, finish_reason, logprobs = "", "none", False  # a completion without a choice is a reply, and an empty one
    if completion.choices:
        choice = completion.choices[0]  # of any form: the library takes what the server sends
        message = getattr(choice, "message", None)
        text, finish_reason = _text(getattr(message, "content", None)), getattr(choice, "finish_reason", None) or "none"
        if not text and (refusal := _text(getattr(message, "refusal", None))):
            text, finish_reason = refusal, types.FILTERED
        logprobs = getattr(choice, "logprobs", None) is not None
    usage = {name: getattr(completion.usage, name, None) for name in ("prompt_tokens", "completion_tokens")}
    usage = usage if all(isinstance(tokens, int) for tokens in usage.values()) else {}
    said = {
        "text": redact(text, endpoint.api_key),
        "finish_reason": str(finish_reason),
        "usage": usage,
        "served": completion.model,
    }
    revision = {"revision": completion.system_fingerprint} if getattr(completion, "system_fingerprint", None) else {}
    return said | revision | ({"logprobs": True} if logprobs else {})


def _text(content: Any) -> str:
    """Return a message's text; some servers send it in parts."""
    if isinstance(content, list):
        parts = (part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | dict))
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _message(error: Exception) -> str:
    """Return what a server says of an error, in a line: OpenAI's `error.message`, or FastAPI's `detail`."""
    said = getattr(error, "body", None)
    if isinstance(said, Mapping) and (said.get("message") or said.get("detail")):
        found = said.get("message") or said["detail"]
        return " ".join((found if isinstance(found, str) else json.dumps(found)).split())
    return re.sub(r"^Error code: \d+ - ", "", " ".join(str(getattr(error, "message", error)).split()))


def _problem(error: Exception, endpoint: Endpoint) -> Transport:
    """Sort an error: into one that asking again may cure, one that is final for this request, or `EndpointError` for all."""
    message = redact(_message(error), endpoint.api_key)[:300]
    if isinstance(error, openai.APITimeoutError):
        return Transport("timeout", f"no reply in {endpoint.timeout_s} s", billed=True)
    if isinstance(error, openai.APIConnectionError):
        reached = not type(error.__cause__).__name__.startswith("Connect")  # httpx's ConnectError, ConnectTimeout
        return Transport("connection", message, billed=reached)
    if not isinstance(error, openai.APIStatusError):
        return Transport("bad answer", message, billed=True)
    status, code = error.status_code, f"HTTP {error.status_code}"
    if status in REMEDIES or getattr(error, "code", None) == "insufficient_quota":
        remedy = REMEDIES.get(status, "the account's quota is spent")
        raise EndpointError(f"{endpoint.base_url}, model {endpoint.model!r}: {code}: {remedy} ({message})", status) from None
    if status in AGAIN or status >= 500:
        wait = retry_after(error.response.headers)
        return Transport(code, message, wait, throttled=status == 429 or (status == 503 and wait > 0))
    return Transport(code, message, final=True)
