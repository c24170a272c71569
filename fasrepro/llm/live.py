"""Many questions asked at once, within bounds of concurrency, rate and money; every reply is kept.

An attempt is one request. Its number enters `seed`, a real parameter of the API, so each attempt is another request with its own
key in the store. A request that the server throttles does not count as an attempt: it is sent again, later and among fewer.
Replies are stored before they are judged, and what the store holds is never asked again, so a run that was killed continues
where it stopped.
"""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

from fasrepro import hashing
from fasrepro.llm import batch_journal, client, pricing, types
from fasrepro.llm.attempts import Pending, replay
from fasrepro.llm.budget import BatchesInFlight, Budget, spent_usd
from fasrepro.llm.rate_limit import RateLimit
from fasrepro.llm.store import BufferedWriter, Store
from fasrepro.llm.types import (
    Answer,
    Capabilities,
    ChatRequest,
    Endpoint,
    EndpointError,
    Failure,
    Progress,
    Reply,
    TransportError,
    is_local,
)

T = TypeVar("T")

MAX_THROTTLES = 20  # of one attempt, before it counts as failed
MAX_DENIED = 10  # questions in a row, before their HTTP 403 is taken for the account's


def complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    progress: Callable[[Progress], None] | None = None,
    max_failures: int | None = None,
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    """Ask until `accept(name, reply)` returns a value for each request, or its attempts are used up.

    Ctrl-C and SIGTERM end with `KeyboardInterrupt`; everything that was received by then is in the store.

    Args:
        requests: by name.
        accept: raises `Rejected` for a reply that must be asked again.
        endpoint: where to ask, and how often.
        store: holds the replies.
        progress: called after each request.
        max_failures: how many requests may fail, refusals not counted; None: all.

    Returns:
        Answers and failures by name, each in the order of `requests`.

    Raises:
        EndpointError: at once for HTTP 401, 403, 404 and a spent quota; if more than `max_failures` fail; if the model takes no
            images.
        BudgetError: the budget does not cover the next request.
        PriceError: a budget is set and no price is known.
    """
    session = _Session(accept, endpoint, store, progress, max_failures, len(requests))
    try:
        asyncio.run(session.ask_until_terminated(iter(requests.items())))
    except BaseExceptionGroup as group:
        raise _first(group) from None
    answers = {name: session.answers[name] for name in requests if name in session.answers}
    return answers, {name: session.failures[name] for name in requests if name in session.failures}


def _first(group: BaseExceptionGroup[BaseException]) -> BaseException:
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error


class _Session(Generic[T]):
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
        self.faults: dict[str, Failure] = {}  # the failures that are not refusals
        self.sent = 0
        self.keys_in_flight: dict[str, asyncio.Event] = {}
        self.workers: set[asyncio.Task[None]] = set()
        self.workers_at_server: set[asyncio.Task[Any] | None] = set()
        self.writer = BufferedWriter(store)
        self.error: Exception | None = None  # ends the run
        self.rate_limit = RateLimit(endpoint.concurrency)
        self.batches = BatchesInFlight(store)
        self.budget = Budget(endpoint.budget_usd, lambda: spent_usd(store) + self.batches.usd(), _price(endpoint))
        self.capabilities: Capabilities | None = None if endpoint.probe else Capabilities(**endpoint.accepts)
        self.probing = asyncio.Lock()
        self.denied = 0  # questions since the last that was answered
        self.checking_access = asyncio.Lock()

    async def ask_until_terminated(self, requests: Iterator[tuple[str, ChatRequest]]) -> None:
        """Do as `ask_all`; a SIGTERM, with which a scheduler ends a job, is taken as Ctrl-C is."""
        if threading.current_thread() is not threading.main_thread():  # which alone gets signals
            return await self.ask_all(requests)
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        terminated = False

        def end() -> None:
            nonlocal terminated
            terminated = True
            task.cancel()

        before = signal.getsignal(signal.SIGTERM)
        loop.add_signal_handler(signal.SIGTERM, end)
        try:
            await self.ask_all(requests)
        except asyncio.CancelledError:
            if terminated:
                raise KeyboardInterrupt from None
            raise
        finally:
            loop.remove_signal_handler(signal.SIGTERM)
            signal.signal(signal.SIGTERM, before)

    async def ask_all(self, requests: Iterator[tuple[str, ChatRequest]]) -> None:
        """Ask all questions, as many at once as the endpoint allows."""
        try:
            async with client.async_client(self.endpoint) as self.client, asyncio.TaskGroup() as group:
                for _ in range(max(1, min(self.endpoint.concurrency, self.total))):
                    self.workers.add(group.create_task(self._work(requests)))
        finally:
            # Neither Ctrl-C nor an error may lose what was paid for.
            await self.writer.flush()
        if self.error is not None:
            raise self.error

    async def _work(self, requests: Iterator[tuple[str, ChatRequest]]) -> None:
        try:
            for name, request in requests:  # all workers share this iterator
                await self._ask(name, request)
                if self.progress:
                    done = len(self.answers) + len(self.failures)
                    self.progress(Progress(done, self.total, self.sent, self.budget.spent()))
        except (ValueError, OSError) as error:
            self._stop(error)

    def _stop(self, error: Exception) -> None:
        """End the run with `error`, after the requests at the server, which will be billed, have come back."""
        self.error = self.error or error
        for worker in self.workers - self.workers_at_server - {asyncio.current_task()}:
            worker.cancel()

    def _raise_if_stopped(self) -> None:
        if self.error is not None:
            raise self.error

    def _fail(self, name: str, failure: Failure) -> None:
        """Note a failure. Raises `EndpointError` for too many; refusals are left to people and do not count."""
        self.failures[name] = failure
        if failure.rejected[-1:] != (types.REFUSED,):
            self.faults[name] = failure
        if self.max_failures is not None and len(self.faults) > self.max_failures:
            examples = "; ".join(f"{key}: {fault.reason}" for key, fault in list(self.faults.items())[:3])
            raise EndpointError(f"{len(self.faults)} of {self.total} requests failed, {self.max_failures} may. {examples}")

    async def _ask(self, name: str, request: ChatRequest) -> None:
        """Make the attempts at a request until one is accepted or none is left."""
        # First, an attempt whose error is in the store counts as used up, so a run that was killed continues as if it had not
        # been. If no attempt is left, those attempts are made once more: the outage may be over.
        errors: dict[str, str] = {}
        for error_of in (self.store.error, errors.get):
            outcome = replay(name, request, self.endpoint, self.store, self.accept, error_of)
            while isinstance(outcome, Pending):
                try:
                    await self._attempt(outcome)
                except TransportError as problem:
                    errors[outcome.key] = str(problem)
                    if problem.final:
                        return self._fail(name, Failure(str(problem), (*outcome.rejected, problem.code)))
                outcome = replay(name, request, self.endpoint, self.store, self.accept, error_of)
            if isinstance(outcome, Answer):
                self.answers[name] = outcome
                return None
        return self._fail(name, outcome)

    async def _attempt(self, pending: Pending) -> None:
        """Get the reply of an attempt into the store. Raises `TransportError`."""
        key = pending.key
        while key in self.keys_in_flight:  # the same pixels and words under another name
            await self.keys_in_flight[key].wait()
        if self.store.get(key) is None:
            self.keys_in_flight[key] = asyncio.Event()
            try:
                await self._send(pending)
            finally:
                self.keys_in_flight.pop(key).set()

    async def _send(self, pending: Pending) -> None:
        """Send a request until the server looks at it; store the reply or the error.

        Raises `TransportError`, and what `complete` raises.
        """
        endpoint, request = self.endpoint, pending.question
        capabilities = await self._find_capabilities(needs_images=request.image is not None)
        image = request.load_image()
        if image is not None:
            types.require_vision(endpoint, capabilities)
        record = {"key": pending.key, "request": types.request_record(endpoint, request, pending.number)}
        body = types.request_body(endpoint, request, pending.number, image, capabilities)
        max_usage = pricing.max_usage(self.budget.price, request, image, endpoint.max_tokens)
        for throttles in range(MAX_THROTTLES + 1):
            self._raise_if_stopped()
            batch = self.batches.by_key().get(pending.key)
            if batch is not None:
                raise EndpointError(batch_journal.in_flight_message(self.store.path.parent, batch))
            async with self.budget.reserve(max_usage), self.rate_limit.slot() as round_, self._at_server():
                self.sent += 1
                began = time.monotonic()
                try:
                    reply = await self._post(body, capabilities)
                except TransportError as error:
                    problem = error
                    if problem.throttled and throttles < MAX_THROTTLES:
                        self.rate_limit.throttled(round_, problem.wait or client.backoff_s(endpoint, throttles))
                        continue
                    self.rate_limit.answered()
                    self.rate_limit.pause(problem.wait)
                    if problem.final:  # no attempt: it cost nothing, and once its cause is mended it should be asked again
                        await self.writer.write({**record, "error": str(problem), "final": True})
                        raise
                    await self.writer.write({**record, "error": str(problem), "usage": max_usage if problem.billed else {}})
                    break
                self.rate_limit.answered()
                self.denied = 0
                usage, seconds = pricing.billed_usage(reply, max_usage), round(time.monotonic() - began, 3)
                await self.writer.write({**record, **reply, "usage": usage, "seconds": seconds})
                if endpoint.budget_usd is not None:
                    pricing.check_served(self.budget.price, endpoint.model, reply.get("served", ""))
                return
        self._raise_if_stopped()
        jitter = 0.75 + 0.5 * hashing.unit_hash(pending.key)
        await asyncio.sleep(client.backoff_s(endpoint, pending.number) * jitter)
        raise problem

    async def _post(self, body: dict[str, Any], capabilities: Capabilities) -> dict[str, Any]:
        """Do as `client.post`, but an HTTP 403 fails one request alone if the server answers a harmless question."""
        try:
            return await client.post(self.client, self.endpoint, body)
        except EndpointError as error:
            if error.status != 403:
                raise
            async with self.checking_access:
                self._raise_if_stopped()
                self.denied += 1
                if self.denied > MAX_DENIED or not await client.answers(self.client, self.endpoint, capabilities):
                    self._stop(error)
                    raise
            raise TransportError("HTTP 403", error.words, final=True) from None

    async def _find_capabilities(self, needs_images: bool) -> Capabilities:
        async with self.probing:
            if self.capabilities is None:
                self.capabilities = await client.find_capabilities(self.client, self.endpoint, self.store, needs_images)
            return self.capabilities

    @contextlib.asynccontextmanager
    async def _at_server(self) -> AsyncIterator[None]:
        self.workers_at_server.add(asyncio.current_task())
        try:
            yield
        finally:
            self.workers_at_server.discard(asyncio.current_task())


def _price(endpoint: Endpoint) -> pricing.Price | None:
    """Return the price to count with; only a budget needs one. Raises `PriceError`."""
    if endpoint.budget_usd is None:
        return pricing.price_of(endpoint.model)
    return pricing.required_price(endpoint.model, is_local(endpoint.base_url))
