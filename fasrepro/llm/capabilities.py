"""What a server and its model accept, found out with a few small questions before the first real one, and again after a month.

Where a probe is wrong, `annotator.accepts` of params.yaml says what is right, and `fasrepro annotate --probe` asks again.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import io
import json
import re
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from PIL import Image

from fasrepro import hashing
from fasrepro.llm.store import Store
from fasrepro.llm.types import (
    Capabilities,
    ChatRequest,
    Endpoint,
    EndpointError,
    TransportError,
    request_body,
    shown_host,
    shown_url,
)

VERSION = 4
FRESH_S = 30 * 86400  # for which a probe is believed: servers are mended, and models change under their names
IMAGE_QUESTION = "Which colour is this image? Answer with one word."
JSON_QUESTION = "Name a colour."
MAX_TOKENS = 1024  # of an answer: models that think before they answer need some hundreds
FEW_TOKENS = 64  # of an answer, where a server's context is too small for more
CONTEXT = re.compile(r"context|too (?:long|large|many)|maximum (?:length|number|tokens)|at most \d+|reduce", re.IGNORECASE)
UNFINISHED = "output limit was reached"  # the HTTP 400 with which OpenAI says that a model thought until its tokens were used up
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}
# Fields that some servers or models refuse, and what to do instead.
SUBSTITUTES: dict[str, dict[str, Any]] = {
    "max_tokens": {"limit_field": "max_completion_tokens"},
    "temperature": {"temperature": False},
    "seed": {"seed": False},
}
Post: TypeAlias = Callable[[Endpoint, dict[str, Any]], Awaitable[dict[str, Any]]]


async def find(endpoint: Endpoint, store: Store, post: Post, needs_images: bool) -> Capabilities:
    """Return what an endpoint accepts, from the store or by a probe, and print it; `endpoint.accepts` wins over both.

    Args:
        endpoint: the server and its model.
        store: keeps what a probe finds.
        post: makes one request, and repeats it while that may help.
        needs_images: whether images will be asked about. A server that took none is then probed again: it may have been mended.

    Raises:
        EndpointError: not even a short question is answered, or `endpoint.accepts` names what no server can accept.
    """
    number, capabilities = 0, None
    while (record := store.get(store_key(endpoint, number))) is not None:
        is_fresh = time.time() - record["probed_at"] < FRESH_S
        capabilities, number = (
            (_with_known(Capabilities(**json.loads(record["text"])), endpoint) if is_fresh else None),
            number + 1,
        )
    if capabilities is None or (needs_images and not capabilities.images):
        capabilities = await probe_anew(endpoint, store, post)
    print(summary(endpoint, capabilities), file=sys.stderr, flush=True)
    return capabilities


async def probe_anew(endpoint: Endpoint, store: Store, post: Post) -> Capabilities:
    """Do as `find`, without a look at what the store knows."""
    capabilities, usage = await probe(dataclasses.replace(endpoint, max_tokens=MAX_TOKENS), post)
    number = 0
    while store.get(store_key(endpoint, number)) is not None:
        number += 1
    record = {
        "key": store_key(endpoint, number),
        "request": {"model": endpoint.model, "prompt_version": f"probe-{VERSION}"},
        "text": json.dumps(dataclasses.asdict(capabilities)),
        "finish_reason": "stop",
        "usage": usage,
        "probed_at": int(time.time()),
    }
    await asyncio.shield(asyncio.to_thread(store.append, record))
    return _with_known(capabilities, endpoint)


def _with_known(capabilities: Capabilities, endpoint: Endpoint) -> Capabilities:
    """Return capabilities with what `endpoint.accepts` says in their place."""
    return dataclasses.replace(capabilities, **endpoint.accepts)


def store_key(endpoint: Endpoint, number: int) -> str:
    """Return the key under which the result of an endpoint's `number`-th probe is stored. Each port and path is a server."""
    identity = {"model": endpoint.model, "weights": endpoint.weights, "url": shown_url(endpoint.base_url)}
    return hashing.sha256_json({"probe": VERSION, "number": number, **identity})


async def probe(endpoint: Endpoint, post: Post) -> tuple[Capabilities, dict[str, int]]:
    """Find out what an endpoint accepts; return it, and the tokens that this took.

    Raises `EndpointError` if not even a question without an image is answered, or the context has no room for an image.
    """
    usage = {"prompt_tokens": 0, "completion_tokens": 0}
    image_question, json_question = ChatRequest("", IMAGE_QUESTION, ""), ChatRequest("", JSON_QUESTION, "", schema=SCHEMA)
    picture = _square("red")
    host = f"{shown_host(endpoint.base_url)}, model {endpoint.model!r}"

    async def ask(request: ChatRequest, image: bytes | None, capabilities: Capabilities, **fields: Any) -> dict[str, Any]:
        reply = await post(endpoint, request_body(endpoint, request, 0, image, capabilities) | fields)
        for name, tokens in (reply["usage"] or {}).items():
            usage[name] += max(0, tokens)
        return reply

    async def obeys(capabilities: Capabilities, is_obeyed: Callable[[dict[str, Any]], bool], **fields: Any) -> bool:
        try:
            return is_obeyed(await ask(json_question, None, capabilities, **fields))
        except TransportError:
            return False

    capabilities = Capabilities()
    while True:
        try:
            if capabilities.images:
                first = await ask(image_question, picture, capabilities)
            else:
                first = await ask(json_question, None, capabilities)
            break
        except TransportError as problem:
            words = str(problem)
            if UNFINISHED in words:
                first = {"usage": {}}  # the question was accepted, image and all
                break
            without = _without_refused_field(capabilities, words)
            if problem.final and CONTEXT.search(words) and endpoint.max_tokens > FEW_TOKENS:
                endpoint = dataclasses.replace(endpoint, max_tokens=FEW_TOKENS)
            elif problem.final and without is not None:
                capabilities = without
            elif problem.final and capabilities.images and CONTEXT.search(words):
                raise EndpointError(
                    f"{host}: its context has no room for an image ({words}); start it with a longer one"
                ) from None
            elif problem.final and capabilities.images:
                capabilities = dataclasses.replace(capabilities, images=False)
            else:
                raise EndpointError(f"{host}: no answer even to a first short question ({words})") from None
    if capabilities.images and _prompt_tokens(first):  # a server of a text model may drop the image silently
        with contextlib.suppress(TransportError):  # an error here proves nothing
            blind = await ask(image_question, None, capabilities)
            if _prompt_tokens(first) <= _prompt_tokens(blind):  # not every server counts an image
                other = await ask(image_question, _square("blue"), capabilities)
                sees = _names(first, "red", "blue") and _names(other, "blue", "red")
                capabilities = dataclasses.replace(capabilities, images=sees)
    capabilities = dataclasses.replace(
        capabilities,
        json_schema=await obeys(dataclasses.replace(capabilities, json_schema=True), _follows_schema),
        logprobs=await obeys(capabilities, lambda reply: bool(reply.get("logprobs")), logprobs=True),
    )
    return capabilities, usage


def _names(reply: dict[str, Any], colour: str, other: str) -> bool:
    words = re.findall(r"\w+", str(reply.get("text", "")).lower())
    return colour in words and other not in words


def _square(colour: str) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), {"red": (200, 30, 30), "blue": (30, 30, 200)}[colour]).save(buffer, "PNG")
    return buffer.getvalue()


def _without_refused_field(capabilities: Capabilities, message: str) -> Capabilities | None:
    """Return the capabilities without the field that an error complains about, None if that is no field to leave out."""
    for field, substitute in SUBSTITUTES.items():
        changed = dataclasses.replace(capabilities, **substitute)
        if field in message and changed != capabilities:
            return changed
    return None


def _prompt_tokens(reply: dict[str, Any]) -> int:
    """Return the tokens of a question, as the server counts them; 0 if it does not."""
    return int((reply["usage"] or {}).get("prompt_tokens", 0))


def _follows_schema(reply: dict[str, Any]) -> bool:
    try:
        return set(json.loads(reply["text"])) == set(SCHEMA["properties"])
    except (ValueError, TypeError):
        return False


def summary(endpoint: Endpoint, capabilities: Capabilities) -> str:
    """Return one line about what the server accepts, and what follows where it does not."""
    missing = [
        *([] if capabilities.images else ["no images"]),
        *([] if capabilities.json_schema else ["no JSON schema, so replies are read as plain text"]),
        *([] if capabilities.logprobs else ["no log probabilities"]),
        *([] if capabilities.seed else ["no seed, so only the store makes a run repeatable"]),
        *([] if capabilities.temperature else ["no temperature but its own"]),
    ]
    accepted = "; ".join(missing) or "images, JSON schema, log probabilities"
    return f"{shown_host(endpoint.base_url)}, model {endpoint.model}: {accepted}"
