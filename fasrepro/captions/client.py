"""The one seam to a language model over the network: an OpenAI-compatible endpoint, asked within bounds, every reply kept.

The only module that imports openai. An attempt is one request; its number enters `seed`, a real parameter of the API, so each
attempt is another request with its own key in the store. What was received is stored before it is judged, and what is in the
store is never asked again: a run that was killed goes on where it was.
"""

from __future__ import annotations

import asyncio
import base64
import ipaddress
import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Generic, TypeVar

import openai
from openai.types.chat import ChatCompletion

from fasrepro import provenance
from fasrepro.captions.chat import Answer, ChatRequest, Endpoint, EndpointError, Failure, Reply, redact, request_key, retry_after
from fasrepro.captions.checks import Rejected
from fasrepro.captions.store import Store

T = TypeVar("T")

AGAIN = (408, 409, 425, 429)  # and every 5xx: the same request may go well later
REMEDIES = {
    401: "the key in OPENAI_API_KEY is missing or not valid for this server",
    403: "the key in OPENAI_API_KEY may not use this model; see the account's permissions",
    404: "no such model or path: see annotator.model and annotator.base_url (it usually ends in /v1)",
}


class _Transport(Exception):  # noqa: N818 - not an error that leaves this module
    """A request without a reply. `wait` is what the server asked for, in seconds; `final`: asking again is of no use."""

    def __init__(self, code: str, detail: str, wait: float = 0.0, final: bool = False) -> None:
        super().__init__(f"{code}: {detail}" if detail else code)
        self.code, self.wait, self.final = code, wait, final


def complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    progress: Callable[[int, int], None] | None = None,
    max_failures: int | None = None,
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    """Ask until `accept(id, reply)` returns a value for each request, or its attempts are used up.

    `accept` raises `checks.Rejected` for a reply to ask again. Returns answers and failures, each in the order of `requests`.
    Raises `EndpointError` at once for HTTP 401, 403, 404 and a spent quota, and when more than `max_failures` have failed.
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
        progress: Callable[[int, int], None] | None,
        max_failures: int | None,
        total: int,
    ) -> None:
        self.accept, self.endpoint, self.store, self.progress = accept, endpoint, store, progress
        self.max_failures, self.total = max_failures, total
        self.answers: dict[str, Answer[T]] = {}
        self.failures: dict[str, Failure] = {}
        self.asking: dict[str, asyncio.Event] = {}
        self.not_before = 0.0  # what a Retry-After asks of all of us

    async def all(self, names: Iterator[tuple[str, ChatRequest]]) -> None:
        async with _client(self.endpoint) as self.client, asyncio.TaskGroup() as group:
            for _ in range(max(1, min(self.endpoint.concurrency, self.total))):
                group.create_task(self._work(names))

    async def _work(self, names: Iterator[tuple[str, ChatRequest]]) -> None:
        for name, request in names:  # one iterator that all workers share
            await self._one(name, request)
            if self.max_failures is not None and len(self.failures) > self.max_failures:
                failed = "; ".join(f"{key}: {failure.reason}" for key, failure in list(self.failures.items())[:3])
                raise EndpointError(f"{len(self.failures)} of {self.total} requests failed, {self.max_failures} may. {failed}")
            if self.progress:
                self.progress(len(self.answers) + len(self.failures), self.total)

    async def _one(self, name: str, request: ChatRequest) -> None:
        # An attempt whose error is in the store is used up, so that a run that was killed goes on as if it had not been. When
        # nothing else is left, such attempts are made once more: the outage may be over.
        for skip_errors in (True, False):
            rejected, reason, skipped = [], "", False
            for attempt in range(self.endpoint.attempts):
                key = request_key(self.endpoint, request, attempt)
                error = self.store.error(key) if skip_errors and self.store.get(key) is None else None
                if error is not None:
                    rejected.append(error.split(":")[0])
                    reason, skipped = error, True
                    continue
                try:
                    reply = await self._reply(key, request, attempt)
                    value = self.accept(name, reply)
                except (Rejected, _Transport) as problem:
                    rejected.append(problem.code)
                    reason = str(problem)
                    if isinstance(problem, _Transport) and problem.final:
                        break
                    continue
                self.answers[name] = Answer(value, key, attempt + 1, tuple(rejected))
                return
            if not skipped:
                break
        self.failures[name] = Failure(reason, tuple(rejected))

    async def _reply(self, key: str, request: ChatRequest, attempt: int) -> Reply:
        """Return the stored reply, else ask for it and store it. Raises `_Transport`."""
        while key in self.asking:  # the same pixels and words under another id
            await self.asking[key].wait()
        record = self.store.get(key)
        if record is None:
            self.asking[key] = asyncio.Event()
            try:
                record = await self._ask(key, request, attempt)
            finally:
                self.asking.pop(key).set()
        return Reply(key, record["text"], record["finish_reason"])

    async def _ask(self, key: str, request: ChatRequest, attempt: int) -> dict[str, Any]:
        endpoint = self.endpoint
        record: dict[str, Any] = {
            "key": key,
            "request": {
                "model": endpoint.model,
                "prompt_version": request.prompt_version,
                "image": request.image_sha256,
                "seed": endpoint.seed + attempt,
                "attempt": attempt,
                "max_tokens": endpoint.max_tokens,
                "temperature": endpoint.temperature,
            },
        }
        while (wait := self.not_before - time.monotonic()) > 0:
            await asyncio.sleep(wait)
        content: list[Any] = [{"type": "text", "text": request.user}]
        if request.image is not None:
            data = base64.b64encode(request.image()).decode()
            content.append({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}})
        messages = [{"role": "system", "content": request.system}, {"role": "user", "content": content}]
        try:
            async with asyncio.timeout(endpoint.timeout_s):  # the whole exchange: httpx bounds each read only
                answer = await _send(self.client, endpoint, messages, endpoint.seed + attempt)
        except TimeoutError:
            problem = _Transport("timeout", f"no reply in {endpoint.timeout_s} s")
        except (openai.OpenAIError, ValueError) as error:
            problem = _problem(error, endpoint)
        else:
            record |= answer
            await self._keep(record)
            return record
        if problem.final:  # not stored: it cost nothing, and whoever mends the cause wants it asked again
            raise problem
        await self._keep({**record, "error": str(problem)})
        self.not_before = max(self.not_before, time.monotonic() + problem.wait)
        jitter = 0.75 + 0.5 * provenance.unit_hash(key)
        await asyncio.sleep(min(30.0, endpoint.backoff_s * 2**attempt) * jitter)
        raise problem

    async def _keep(self, record: dict[str, Any]) -> None:
        # A thread, because a write to the disk takes milliseconds; shielded, so that Ctrl-C loses nothing that was paid for.
        await asyncio.shield(asyncio.to_thread(self.store.append, record))


def _client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    # A server on this machine is never behind the proxy that the environment may name.
    http = openai.DefaultAsyncHttpxClient(trust_env=not _loopback(endpoint.base_url))
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0, timeout=endpoint.timeout_s, http_client=http
    )


def _loopback(url: str) -> bool:
    host = urllib.parse.urlsplit(url).hostname or ""
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _send(client: openai.AsyncOpenAI, endpoint: Endpoint, messages: list[Any], seed: int) -> dict[str, Any]:
    """Make one request; return the reply's fields of a store record. Raises what openai raises, and `ValueError`."""
    completion = await client.chat.completions.create(
        model=endpoint.model,
        messages=messages,
        max_tokens=endpoint.max_tokens,
        temperature=endpoint.temperature,
        seed=seed,
    )
    if not isinstance(completion, ChatCompletion) or not isinstance(getattr(completion, "choices", None), list):
        raise ValueError("the server's answer is no chat completion; does base_url end in /v1?")
    text, finish_reason = "", "none"  # a completion without a choice is a reply, and an empty one
    if completion.choices:
        choice = completion.choices[0]
        text, finish_reason = choice.message.content or "", choice.finish_reason or "none"
        if not text and choice.message.refusal:
            text, finish_reason = choice.message.refusal, "content_filter"
    usage = completion.usage.model_dump(include={"prompt_tokens", "completion_tokens"}) if completion.usage else {}
    return {"text": redact(text, endpoint.api_key), "finish_reason": finish_reason, "usage": usage, "served": completion.model}


def _problem(error: Exception, endpoint: Endpoint) -> _Transport:
    """Sort an error: into one that asking again may cure, one that is final for this request, or `EndpointError` for all."""
    message = " ".join(str(getattr(error, "message", error)).split())
    message = redact(re.sub(r"^Error code: \d+ - ", "", message), endpoint.api_key)[:300]
    if isinstance(error, openai.APITimeoutError):
        return _Transport("timeout", f"no reply in {endpoint.timeout_s} s")
    if isinstance(error, openai.APIConnectionError):
        return _Transport("connection", message)
    if not isinstance(error, openai.APIStatusError):
        return _Transport("bad answer", message)
    status, code = error.status_code, f"HTTP {error.status_code}"
    if status in REMEDIES or getattr(error, "code", None) == "insufficient_quota":
        remedy = REMEDIES.get(status, "the account's quota is spent")
        raise EndpointError(f"{endpoint.base_url}, model {endpoint.model!r}: {code}: {remedy} ({message})") from None
    if status in AGAIN or status >= 500:
        return _Transport(code, message, wait=retry_after(error.response.headers))
    return _Transport(code, message, final=True)
