"""The loopback HTTP server of the simulated annotator: the part of the OpenAI chat API that our client uses."""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import io
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
from aiohttp import web
from PIL import Image

from fasrepro import hashing
from fasrepro.simulation.annotator.annotator import IMAGE_TOKENS, MODELS, WORDS_PER_TOKEN, Annotator, AnnotatorError, HttpError

KEY = "simulated"  # any key will do


def content_of(body: dict[str, Any]) -> tuple[str, str]:
    """Return the user's text in a chat request's body, and the hash of the image's pixels ("" without one)."""
    texts, image = [], ""
    try:
        for message in body["messages"]:
            if message["role"] != "user":
                continue
            content = message["content"]
            for part in [{"type": "text", "text": content}] if isinstance(content, str) else content:
                if part["type"] == "text":
                    texts.append(part["text"])
                else:
                    data = base64.b64decode(part["image_url"]["url"].split("base64,", 1)[1], validate=True)
                    image = hashing.pixel_hash(np.asarray(Image.open(io.BytesIO(data)).convert("RGB")))
    except (KeyError, TypeError, IndexError, OSError, binascii.Error) as error:
        raise HttpError(400, "invalid_request_error", f"not a chat request: {error!r}") from None
    return "\n".join(texts), image


def application(annotator: Annotator) -> web.Application:
    """Return the server's routes: POST /v1/chat/completions and GET /v1/models."""

    async def chat(request: web.Request) -> web.Response:
        if not request.headers.get("Authorization", "").removeprefix("Bearer").strip():
            return _error(HttpError(401, "authentication_error", "You didn't provide an API key"))
        try:
            body = await request.json()
            prompt, image = content_of(body)
            seed = int(body.get("seed") or 0)
            as_json = (body.get("response_format") or {}).get("type") == "json_schema"
            text, finish_reason = annotator.reply(prompt, image, seed, int(body.get("max_tokens") or 4096), as_json)
        except HttpError as error:
            return _error(error)
        except ValueError as error:
            return _error(HttpError(400, "invalid_request_error", str(error)))
        identity = hashing.sha256_json([prompt, image, seed, str(body.get("model")), text])
        image_tokens = IMAGE_TOKENS if image else 0
        return web.json_response(_completion(identity, str(body.get("model", "")), prompt, text, finish_reason, image_tokens))

    async def models(request: web.Request) -> web.Response:
        listed = [{"id": name, "object": "model", "created": 0, "owned_by": "fasrepro"} for name in MODELS]
        return web.json_response({"object": "list", "data": listed})

    app = web.Application(client_max_size=32 << 20)
    app.add_routes([web.post("/v1/chat/completions", chat), web.get("/v1/models", models)])
    return app


def _error(error: HttpError) -> web.Response:
    body = {"error": {"message": error.message, "type": error.kind, "param": None, "code": None}}
    return web.json_response(body, status=error.status)


def _completion(identity: str, model: str, prompt: str, text: str, finish_reason: str, image_tokens: int) -> dict[str, Any]:
    prompt_tokens, answer_tokens = (int(len(part.split()) / WORDS_PER_TOKEN) for part in (prompt, text))
    prompt_tokens += image_tokens
    return {
        "id": f"chatcmpl-{identity[:24]}",
        "object": "chat.completion",
        "created": 0,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None},
                "finish_reason": finish_reason,
                "logprobs": None,
            }
        ],
        "usage": {
            "prompt_tokens": prompt_tokens,
            "completion_tokens": answer_tokens,
            "total_tokens": prompt_tokens + answer_tokens,
        },
    }


@contextlib.contextmanager
def serve(app: web.Application, port: int = 0) -> Iterator[str]:
    """Serve `app` on a port of 127.0.0.1 while the block runs; yield the base URL ("http://127.0.0.1:port/v1").

    Port 0 is any that is free.

    The server runs in a thread of this process, so it cannot outlive the process, however that ends.
    """
    started: list[str | Exception] = []
    ready, loop, stop = threading.Event(), asyncio.new_event_loop(), asyncio.Event()

    async def run() -> None:
        runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        try:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", port)
            await site.start()
            started.append(f"http://127.0.0.1:{runner.addresses[0][1]}/v1")
        except Exception as error:  # of whatever kind: the waiting thread must learn of it
            started.append(error)
        ready.set()
        await stop.wait()
        await runner.cleanup()

    thread = threading.Thread(target=lambda: loop.run_until_complete(run()), name="simulated annotator", daemon=True)
    thread.start()
    ready.wait()
    try:
        if isinstance(started[0], Exception):
            raise AnnotatorError(f"the simulated annotator's server does not start on 127.0.0.1 ({started[0]})")
        yield started[0]
    finally:
        loop.call_soon_threadsafe(stop.set)
        thread.join(timeout=5)
        loop.close()
