"""One request to an OpenAI-compatible server, with its errors sorted by remedy.

The only module that imports openai. `live` and `batch` ask many questions through it.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import re
import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import openai
from openai.types.chat import ChatCompletion

from fasrepro.llm import capabilities, server_errors, types
from fasrepro.llm.store import Store
from fasrepro.llm.types import Capabilities, Endpoint, EndpointError, TransportError, is_local, redact, shown_host, shown_url

FileClient: TypeAlias = openai.OpenAI

LONGEST_WAIT_S = 600.0  # that a Retry-After is granted
LONGEST_BACKOFF_S = 30.0
LONGEST_MESSAGE = 300  # characters of a server's words that are kept
LONGEST_NAME = 200  # characters of a name that a server gives
RETRY_STATUSES = (408, 409, 425, 429)  # and every 5xx: the same request may succeed later
REMEDIES = {
    401: "the key in OPENAI_API_KEY is missing or not valid for this server",
    403: "the key in OPENAI_API_KEY may not use this model; see the account's permissions",
    404: "no such model or path: see annotator.model and annotator.base_url (it usually ends in /v1)",
}


def async_client(endpoint: Endpoint) -> openai.AsyncOpenAI:
    """Return a client for `post`; use it as an async context manager. It follows no redirect: faces go to `base_url` alone."""
    # A server on this machine is never behind the proxy that the environment may name.
    http = openai.DefaultAsyncHttpxClient(trust_env=not is_local(endpoint.base_url), follow_redirects=False)
    return openai.AsyncOpenAI(
        base_url=endpoint.base_url, api_key=endpoint.api_key, max_retries=0, timeout=endpoint.timeout_s, http_client=http
    )


@contextlib.contextmanager
def file_client(endpoint: Endpoint) -> Iterator[FileClient]:
    """Yield a client for files and batches. Its errors leave the block as `EndpointError` with the HTTP status."""
    http = openai.DefaultHttpxClient(trust_env=not is_local(endpoint.base_url), follow_redirects=False)
    retries = max(0, endpoint.attempts - 1)
    settings = {"base_url": endpoint.base_url, "api_key": endpoint.api_key, "max_retries": retries, "timeout": endpoint.timeout_s}
    with openai.OpenAI(**settings, http_client=http) as client:
        try:
            yield client
        except openai.OpenAIError as error:
            message = f"{shown_host(endpoint.base_url)}: {_sorted_error(error, endpoint)}"
            raise EndpointError(message, getattr(error, "status_code", 0)) from None


async def post(client: openai.AsyncOpenAI, endpoint: Endpoint, body: dict[str, Any]) -> dict[str, Any]:
    """Make one request; return what the store keeps of the reply. Raises `TransportError` and `EndpointError`."""
    try:
        async with asyncio.timeout(endpoint.timeout_s):  # of the whole exchange: httpx bounds each read only
            # Like `chat.completions.create`, without its walk through the body for types that ours never holds: that walk would
            # take a third of the time that a request costs this process.
            completion = await client.post("/chat/completions", cast_to=ChatCompletion, body=body)
            return _reply_record(completion, endpoint)
    except TimeoutError:
        raise TransportError("timeout", f"no reply in {endpoint.timeout_s} s", billed=True) from None
    except openai.APIStatusError as error:
        if server_errors.is_filtered(error.status_code, error.body):
            return types.filtered_reply(_message(error), endpoint.api_key)
        raise _sorted_error(error, endpoint) from None
    except server_errors.EnclosedError as error:
        if server_errors.is_filtered(error.status, error.body):
            return types.filtered_reply(server_errors.words_of(error.body), endpoint.api_key)
        raise _sorted_error_body(error, endpoint) from None
    except RecursionError:
        raise TransportError("bad answer", "JSON that is nested too deep", billed=True) from None
    except (openai.OpenAIError, ValueError) as error:
        raise _sorted_error(error, endpoint) from None


async def post_patiently(client: openai.AsyncOpenAI, endpoint: Endpoint, body: dict[str, Any]) -> dict[str, Any]:
    """Make one request as `post` does, and repeat it while that may help. Raises the last `TransportError`."""
    for attempt in range(endpoint.attempts):
        try:
            return await post(client, endpoint, body)
        except TransportError as problem:
            if problem.final or attempt == endpoint.attempts - 1:
                raise
            await asyncio.sleep(problem.wait or backoff_s(endpoint, attempt))
    raise ValueError("an endpoint makes at least one attempt")


async def answers(client: openai.AsyncOpenAI, endpoint: Endpoint, accepted: Capabilities) -> bool:
    """Return whether the server answers a harmless question, so that it knows our key and serves the model."""
    question = types.ChatRequest("", capabilities.JSON_QUESTION, "")
    try:
        await post(client, endpoint, types.request_body(endpoint, question, 0, None, accepted))
    except (TransportError, EndpointError):
        return False
    return True


def backoff_s(endpoint: Endpoint, attempt: int) -> float:
    """Return the seconds to wait after an attempt failed, numbered from 0."""
    return min(LONGEST_BACKOFF_S, endpoint.backoff_s * 2**attempt)


async def find_capabilities(client: openai.AsyncOpenAI, endpoint: Endpoint, store: Store, needs_images: bool) -> Capabilities:
    """Return what the server accepts, from the store or by `capabilities.probe`. Raises `EndpointError`."""
    return await capabilities.find(endpoint, store, lambda probing, body: post_patiently(client, probing, body), needs_images)


def known_capabilities(endpoint: Endpoint, store: Store) -> Capabilities:
    """Do as `find_capabilities`, with a client of its own, where images will be asked about. Raises `EndpointError`."""

    async def find() -> Capabilities:
        async with async_client(endpoint) as client:
            return await find_capabilities(client, endpoint, store, needs_images=True)

    return asyncio.run(find()) if endpoint.probe else Capabilities(**endpoint.accepts)


def probed_capabilities(endpoint: Endpoint, store: Store) -> Capabilities:
    """Find out anew what the server accepts, whatever the store says. Raises `EndpointError`."""

    async def find() -> Capabilities:
        async with async_client(endpoint) as client:
            return await capabilities.probe_anew(endpoint, store, lambda probing, body: post_patiently(client, probing, body))

    return asyncio.run(find())


def reply_record(completion: Any, endpoint: Endpoint) -> dict[str, Any]:
    """Return what the store keeps of a completion that came as JSON. Raises `ValueError`."""
    if not isinstance(completion, dict):
        raise ValueError("no chat completion")
    return _reply_record(ChatCompletion.construct(**completion), endpoint)  # as the library does with a server's answer


def _reply_record(completion: Any, endpoint: Endpoint) -> dict[str, Any]:
    # Gemini sends errors in a list, of which the library makes a list of completions.
    several = completion if isinstance(completion, list) else [completion]
    error = next((item.error for item in several if getattr(item, "error", None)), None)
    if error and not getattr(completion, "choices", None):
        raise server_errors.EnclosedError(error)
    if not isinstance(completion, ChatCompletion) or not isinstance(getattr(completion, "choices", None), list):
        raise ValueError("the server's answer is no chat completion; does base_url end in /v1?")
    text, finish_reason, logprobs = "", "none", False  # a completion without a choice counts as an empty reply
    if completion.choices:
        choice = completion.choices[0]  # of any shape: the library takes whatever the server sends
        message = getattr(choice, "message", None)
        text = _text(getattr(message, "content", None))
        finish_reason = getattr(choice, "finish_reason", None) or "none"
        refusal = _text(getattr(message, "refusal", None))
        if refusal and not text:
            text, finish_reason = refusal, types.FILTERED
        logprobs = getattr(choice, "logprobs", None) is not None
    usage = {name: getattr(getattr(completion, "usage", None), name, None) for name in ("prompt_tokens", "completion_tokens")}
    if not all(type(tokens) is int for tokens in usage.values()):  # not a bool, which is an int as well
        usage = {}
    record = {
        "text": redact(text, endpoint.api_key),
        "finish_reason": redact(str(finish_reason), endpoint.api_key)[:LONGEST_NAME],
        "usage": usage,
        "served": redact(str(getattr(completion, "model", "")), endpoint.api_key)[:LONGEST_NAME],
    }
    if getattr(completion, "system_fingerprint", None):
        record["revision"] = redact(str(completion.system_fingerprint), endpoint.api_key)[:LONGEST_NAME]
    if logprobs:
        record["logprobs"] = True
    return record


def _text(content: Any) -> str:
    """Return a message's text; some servers send it in parts."""
    if isinstance(content, list):
        parts = (part if isinstance(part, str) else part.get("text") for part in content if isinstance(part, str | dict))
        return "".join(part for part in parts if isinstance(part, str))
    return content if isinstance(content, str) else ""


def _message(error: Exception) -> str:
    """Return a server's words about an error, in one line."""
    words = server_errors.words_of(getattr(error, "body", None))
    return words or re.sub(r"^Error code: \d+ - ", "", " ".join(str(getattr(error, "message", error)).split()))


def _sorted_error(error: Exception, endpoint: Endpoint) -> TransportError:
    """Return an error that concerns one request; raise `EndpointError` for one that would meet every request."""
    message = redact(_message(error), endpoint.api_key)[:LONGEST_MESSAGE]
    if isinstance(error, openai.APITimeoutError):
        return TransportError("timeout", f"no reply in {endpoint.timeout_s} s", billed=True)
    if isinstance(error, openai.APIConnectionError):
        reached = not type(error.__cause__).__name__.startswith("Connect")  # httpx's ConnectError, ConnectTimeout
        return TransportError("connection", message, billed=reached)
    if not isinstance(error, openai.APIStatusError):
        return TransportError("bad answer", message, billed=True)
    status, where = error.status_code, f"{shown_url(endpoint.base_url)}, model {endpoint.model!r}"
    if 300 <= status < 400:
        target = shown_url(error.response.headers.get("location", "")) or "an address that it does not name"
        raise EndpointError(
            f"{where}: HTTP {status}: it redirects to {target}, and faces are sent to annotator.base_url alone: name the"
            " address there if they may go to it",
            status,
        ) from None
    remedy = (
        "the account's quota is spent"
        if server_errors.member(error.body, "code") == "insufficient_quota"
        else REMEDIES.get(status)
    )
    if remedy:
        raise EndpointError(f"{where}: HTTP {status}: {remedy} ({message})", status, message) from None
    if status in RETRY_STATUSES or status >= 500:
        wait = retry_after(error.response.headers)
        return TransportError(f"HTTP {status}", message, wait, throttled=status == 429 or (status == 503 and wait > 0))
    return TransportError(f"HTTP {status}", message, final=True)


def _sorted_error_body(error: server_errors.EnclosedError, endpoint: Endpoint) -> TransportError:
    """Do as `_sorted_error` for an error that came with a good HTTP status: its own status says which kind it is."""
    message = redact(str(error), endpoint.api_key)[:LONGEST_MESSAGE]
    if error.status in REMEDIES or server_errors.member(error.body, "code") == "insufficient_quota":
        remedy = REMEDIES.get(error.status, "the account's quota is spent")
        raise EndpointError(
            f"{shown_url(endpoint.base_url)}, model {endpoint.model!r}: {remedy} ({message})", error.status, message
        ) from None
    is_ours = 400 <= error.status < 500 and error.status not in RETRY_STATUSES
    return TransportError("error body", message, final=is_ours, throttled=error.status == 429, billed=not error.status)


def retry_after(headers: Mapping[str, str]) -> float:
    """Return the seconds that a Retry-After header asks for, as a number or a date; 0 without one, `LONGEST_WAIT_S` at most.

    >>> retry_after({"retry-after": "2.5"}), retry_after({"retry-after": "soon"})
    (2.5, 0.0)
    """
    try:
        if "retry-after-ms" in headers:
            seconds = float(headers["retry-after-ms"]) / 1000
        elif (value := headers.get("retry-after", "")).replace(".", "", 1).isdigit():
            seconds = float(value)
        else:
            seconds = email.utils.parsedate_to_datetime(value).timestamp() - time.time() if value else 0.0
    except ValueError:
        return 0.0
    return min(max(seconds, 0.0), LONGEST_WAIT_S)
