"""A loopback server of the chat API that answers by a script, and what tests of the client share."""

from __future__ import annotations

import asyncio
import dataclasses
import time
from collections.abc import Callable
from typing import Any

from aiohttp import web

from fasrepro.llm.types import ChatRequest, Endpoint, Rejected, Reply

KEY = "sk-very-secret-0123456789"
REQUEST = ChatRequest("system", "say x", "test-1")
Script = Callable[[web.Request, dict[str, Any], int], Any]


def completion(text: str | None, finish_reason: str = "stop", **message: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "served",
        "choices": [{"index": 0, "finish_reason": finish_reason, "message": {"role": "assistant", "content": text, **message}}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3},
    }


def ok(text: str | None, finish_reason: str = "stop", **message: Any) -> web.Response:
    return web.json_response(completion(text, finish_reason, **message))


def odd(**changes: Any) -> web.Response:
    """A reply that is not quite of the documented form."""
    return web.json_response(completion("x") | changes)


def failed(status: int, message: str = "oh", **headers: str) -> web.Response:
    return web.json_response({"error": {"message": message, "type": "t", "code": None}}, status=status, headers=headers)


class Server:
    """Answers the n-th request (from 0) with `script(request, body, n)`, and keeps what it was asked."""

    def __init__(self, script: Script) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.times: list[float] = []

        async def chat(request: web.Request) -> web.StreamResponse:
            body = await request.json()
            self.bodies.append(body)
            self.times.append(time.monotonic())
            answer = script(request, body, len(self.bodies) - 1)
            return await answer if asyncio.iscoroutine(answer) else answer

        self.app = web.Application()
        self.app.add_routes([web.post("/v1/chat/completions", chat)])


def endpoint(url: str, **changes: Any) -> Endpoint:
    base = Endpoint(
        base_url=url,
        api_key=KEY,
        model="m",
        concurrency=4,
        attempts=3,
        timeout_s=5.0,
        max_tokens=50,
        temperature=0.5,
        seed=100,
        backoff_s=0.01,
    )
    return dataclasses.replace(base, **changes)


def accept(name: str, reply: Reply) -> str:
    if reply.finish_reason == "length":
        raise Rejected("cut off")
    if not reply.text:
        raise Rejected("empty")
    if reply.finish_reason == "content_filter":
        raise Rejected("refusal", reply.text)
    return reply.text


def cut_connection(request: web.Request) -> web.Response:
    request.transport.abort()
    return web.Response()


async def half_a_reply(request: web.Request) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Length": "1000", "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(b'{"id": "chatcmpl')
    request.transport.abort()
    return response


async def dripping(request: web.Request) -> web.StreamResponse:
    """Send a byte now and then: no single read is late, the whole reply is."""
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    await response.prepare(request)
    for _ in range(40):
        await response.write(b" ")
        await asyncio.sleep(0.1)
    return response


async def stall(request: web.Request) -> web.Response:
    await asyncio.sleep(3)
    return ok("late")
