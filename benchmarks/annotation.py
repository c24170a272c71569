"""How many captions a second our client takes in, against the bare openai client on the same loopback server. Prints the ratio.

python -m benchmarks.annotation [faces]

The server is the simulated annotator, each of whose answers takes `LATENCY` longer. Ours reads crops, judges replies and writes
each to the store, as the stage `annotate` does; the bare client sends the same requests, ready in memory, from as many workers,
and drops what it gets. They take turns, and the best of each counts.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import openai
from aiohttp import web

from benchmarks import stand_in
from fasrepro import config
from fasrepro.captions import annotate, simulated
from fasrepro.captions.chat import Endpoint
from fasrepro.captions.store import Store
from fasrepro.captions.styles import STYLES, Style
from fasrepro.crops import read_png

LATENCY, CONCURRENCY = 0.2, 32  # seconds; requests at a time
FACES, ROUNDS = 640, 3


@contextlib.contextmanager
def served(annotator: simulated.Annotator) -> Iterator[str]:
    """Serve the simulated annotator with `LATENCY` before each answer; yield its URL."""
    app = simulated.application(annotator)

    @web.middleware
    async def late(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        await asyncio.sleep(LATENCY)
        return await handler(request)

    app.middlewares.append(late)
    with simulated.serve(app) as url:
        yield url


def ours(world: stand_in.World, style: Style, endpoint: Endpoint, folder: Path) -> float:
    """Return captions/s of `annotate.annotate` with an empty store."""
    began = time.perf_counter()
    with Store(folder) as store:
        captions, _ = annotate.annotate(world.faces, world.crops, style, endpoint, store, label_aware=True)
    return len(captions) / (time.perf_counter() - began)


def bodies(world: stand_in.World, style: Style, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return what `ours` sends, ready to be sent."""
    made = []
    for face in world.faces:
        data = base64.b64encode(read_png(world.crops, face.crop, face.crop_sha256)[0]).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        content = [{"type": "text", "text": style.aware(face.label, face.species)}, image]
        messages = [{"role": "system", "content": style.system()}, {"role": "user", "content": content}]
        settings = {"max_tokens": endpoint.max_tokens, "temperature": endpoint.temperature, "seed": endpoint.seed}
        made.append({"model": endpoint.model, "messages": messages, **settings})
    return made


def bare(requests: list[dict[str, Any]], endpoint: Endpoint) -> float:
    """Return captions/s of `openai.AsyncOpenAI` and nothing else."""

    async def worker(client: openai.AsyncOpenAI, waiting: Iterator[dict[str, Any]]) -> None:
        for request in waiting:
            await client.chat.completions.create(**request)

    async def everything() -> None:
        http = openai.DefaultAsyncHttpxClient(trust_env=False)
        settings = {"base_url": endpoint.base_url, "api_key": endpoint.api_key, "max_retries": 0, "http_client": http}
        async with openai.AsyncOpenAI(**settings) as client, asyncio.TaskGroup() as group:
            waiting = iter(requests)
            for _ in range(endpoint.concurrency):
                group.create_task(worker(client, waiting))

    began = time.perf_counter()
    asyncio.run(everything())
    return len(requests) / (time.perf_counter() - began)


def main() -> None:
    """Measure both in turn and print the best of each."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FACES
    asked, style = config.load("annotator").annotator, STYLES["reasoning"]
    with tempfile.TemporaryDirectory() as name:
        world = stand_in.world(Path(name) / "crops", count)
        with served(world.annotator) as url:
            settings = (CONCURRENCY, asked.attempts, asked.timeout_s, asked.max_tokens, asked.temperature, asked.seed)
            endpoint = Endpoint(url, simulated.KEY, simulated.MODELS[0], *settings)
            requests = bodies(world, style, endpoint)
            rates = []
            for number in range(ROUNDS):
                rates.append((ours(world, style, endpoint, Path(name) / f"store_{number}"), bare(requests, endpoint)))
    first, second = (max(values) for values in zip(*rates, strict=True))
    print(
        f"{count} captions, {LATENCY * 1000:.0f} ms latency, {CONCURRENCY} at a time, so at most {CONCURRENCY / LATENCY:.0f}/s:"
    )
    print(f"our client {first:.0f} captions/s, the bare client {second:.0f} captions/s, best of {ROUNDS}")
    print(f"ratio {first / second:.2f}")


if __name__ == "__main__":
    main()
