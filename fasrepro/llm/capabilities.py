"""What a server and its model take, found out with a few small questions before the first real one, once a model."""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from PIL import Image

from fasrepro import hashing
from fasrepro.llm.types import Abilities, ChatRequest, Endpoint, EndpointError, Transport, body, shown_host

VERSION = 2
IMAGE_QUESTION = "Which colour is this image? Answer with one word."
JSON_QUESTION = "Name a colour."
TOKENS = 1024  # of an answer: models that think before they answer need some hundreds
UNFINISHED = "output limit was reached"  # the HTTP 400 by which OpenAI says that a model thought until its tokens were used up
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"colour": {"type": "string"}},
    "required": ["colour"],
    "additionalProperties": False,
}
# Fields that some servers or models refuse, and what is sent in their place.
CHANGES: dict[str, dict[str, Any]] = {
    "max_tokens": {"limit": "max_completion_tokens"},
    "temperature": {"temperature": False},
    "seed": {"seed": False},
}
Post: TypeAlias = Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]


def key(endpoint: Endpoint, number: int) -> str:
    """Return the key under which an endpoint's abilities are stored, as they were found the `number`-th time."""
    known = {"model": endpoint.model, "weights": endpoint.weights, "host": shown_host(endpoint.base_url)}
    return hashing.sha256_json({"probe": VERSION, "number": number, **known})


async def probe(endpoint: Endpoint, post: Post) -> tuple[Abilities, dict[str, int]]:
    """Find out what an endpoint takes; return it, and the tokens that this took. `post(body)` makes a request.

    Raises `EndpointError` where not even a question without an image is answered.
    """
    abilities, usage = Abilities(), {"prompt_tokens": 0, "completion_tokens": 0}
    buffer = io.BytesIO()
    Image.new("RGB", (64, 64), (200, 30, 30)).save(buffer, "PNG")
    looking, naming = ChatRequest("", IMAGE_QUESTION, ""), ChatRequest("", JSON_QUESTION, "", schema=SCHEMA)

    async def ask(request: ChatRequest, image: bytes | None, abilities: Abilities, **more: Any) -> dict[str, Any]:
        reply = await post(body(endpoint, request, 0, image, abilities) | more)
        for name, tokens in (reply["usage"] or {}).items():
            usage[name] += tokens
        return reply

    async def holds(abilities: Abilities, held: Callable[[dict[str, Any]], bool], **more: Any) -> bool:
        try:
            return held(await ask(naming, None, abilities, **more))
        except Transport:
            return False

    while True:
        try:
            first = await (ask(looking, buffer.getvalue(), abilities) if abilities.images else ask(naming, None, abilities))
            break
        except Transport as problem:
            if UNFINISHED in str(problem):
                first = {"usage": {}}  # the question was taken, image and all
                break
            changed = _without_the_field(abilities, str(problem))
            if problem.final and changed is not None:
                abilities = changed
            elif problem.final and abilities.images:
                abilities = dataclasses.replace(abilities, images=False)
            else:
                host = f"{shown_host(endpoint.base_url)}, model {endpoint.model!r}"
                raise EndpointError(f"{host}: no answer even to a first short question ({problem})") from None
    if abilities.images and _tokens(first):  # a server of a text model may drop the image without a word
        with contextlib.suppress(Transport):  # then nothing is known against it
            without = await ask(looking, None, abilities)
            abilities = dataclasses.replace(abilities, images=_tokens(first) > _tokens(without))
    found = dataclasses.replace(
        abilities,
        json_schema=await holds(dataclasses.replace(abilities, json_schema=True), _is_json),
        logprobs=await holds(abilities, lambda reply: bool(reply.get("logprobs")), logprobs=True),
    )
    return found, usage


def _without_the_field(abilities: Abilities, message: str) -> Abilities | None:
    """Return abilities without the field that an error's message complains of, if it is one that can be left out."""
    for field, change in CHANGES.items():
        changed = dataclasses.replace(abilities, **change)
        if field in message and changed != abilities:
            return changed
    return None


def _tokens(reply: dict[str, Any]) -> int:
    """Return how many tokens the question had, as the server says; 0 where it does not."""
    return int((reply["usage"] or {}).get("prompt_tokens", 0))


def _is_json(reply: dict[str, Any]) -> bool:
    try:
        return set(json.loads(reply["text"])) == set(SCHEMA["properties"])
    except (ValueError, TypeError):
        return False


def said(endpoint: Endpoint, abilities: Abilities) -> str:
    """Say in a line what the server takes, and what is done where it does not."""
    missing = [
        *([] if abilities.images else ["no images"]),
        *([] if abilities.json_schema else ["no JSON schema, so captions are read from tagged text"]),
        *([] if abilities.logprobs else ["no log probabilities"]),
        *([] if abilities.seed else ["no seed, so that nothing but the store makes a run repeatable"]),
        *([] if abilities.temperature else ["no temperature but its own"]),
    ]
    found = "; ".join(missing) or "images, JSON schema, log probabilities"
    return f"{shown_host(endpoint.base_url)}, model {endpoint.model}: {found}"
