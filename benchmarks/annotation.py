"""Captions per second of our client, and the memory of the stage `annotate`. Prints ratios to what is required.

python -m benchmarks.annotation [faces [faces of the large run]]

The server is the simulated annotator with a delay before each answer. Our client reads crops, checks replies and writes each to
the store, as the stage `annotate` does. The bare openai client sends the same requests, prepared in memory, from as many workers,
and drops the replies. They take turns, and the best of each counts. The requirement covers the time until the last reply is
stored; the report, which the bare client has none of, comes after that.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import multiprocessing
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Awaitable, Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import openai
import yaml
from aiohttp import web

from benchmarks import fixtures
from fasrepro import config, paths
from fasrepro.captions import annotate
from fasrepro.captions.styles import STYLES, Style
from fasrepro.crops import read_png
from fasrepro.llm.store import Store
from fasrepro.llm.types import Endpoint
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator.annotator import MODELS, Annotator
from fasrepro.simulation.annotator.server import KEY, application, serve

ROOT = Path(__file__).parents[1]
NEAR = (0.2, 32)  # seconds that an answer takes; requests at a time
FAR = (1.0, 64)
SHARE = 0.95  # required: of the bare client's rate at NEAR, and of the possible rate at FAR
FACES, ROUNDS = 1280, 3
ROUNDTRIPS = 60  # at FAR, so that the first, which connects, and the last, in which workers run out, count little
MANY, MEGABYTES = 20_000, 400  # faces, and what the stage may need of memory for them
STYLE = "reasoning"
# The stage, and what it needed of memory at most, in KiB. Its ru_maxrss would count this process, from which it was forked.
PROGRAM = """
import sys
from pathlib import Path
from fasrepro.stages import annotate
annotate.main(["--set", sys.argv[1]])
print(next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")).split()[1])
"""


@contextlib.contextmanager
def served(annotator: Annotator, latency: float) -> Iterator[str]:
    """Serve the simulated annotator with `latency` seconds before each answer; yield its URL.

    As a process of its own, as any server is: in a thread its work would be counted as the client's, which waits for it.
    """
    context = multiprocessing.get_context("fork")  # the annotator need not be pickled
    here, there = context.Pipe()
    server = context.Process(target=answer, args=(annotator, latency, there), daemon=True)
    server.start()
    try:
        yield here.recv()
    finally:
        server.terminate()
        server.join()


def answer(annotator: Annotator, latency: float, parent: Connection) -> None:
    """Send the server's URL to the parent, and serve until the process is ended."""
    app = application(annotator)

    @web.middleware
    async def late(request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]) -> web.StreamResponse:
        await asyncio.sleep(latency)
        return await handler(request)

    app.middlewares.append(late)
    with serve(app) as url:
        parent.send(url)
        threading.Event().wait()


def ours(world: fixtures.World, style: Style, endpoint: Endpoint, folder: Path) -> tuple[float, float]:
    """Return captions/s of `annotate.annotate` with an empty store: until the last reply is kept, and with the report."""
    began, kept = time.perf_counter(), []
    with Store(folder) as store:
        captions, _ = annotate.annotate(
            world.faces, world.crops, style, endpoint, store, True, progress=lambda now: kept.append(time.perf_counter())
        )
    return len(captions) / (kept[-1] - began), len(captions) / (time.perf_counter() - began)


def bodies(world: fixtures.World, style: Style, endpoint: Endpoint) -> list[dict[str, Any]]:
    """Return the requests that `ours` sends, prepared in memory."""
    requests = []
    for face in world.faces:
        data = base64.b64encode(read_png(world.crops, face.crop, face.crop_sha256)[0]).decode()
        image = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}}
        content = [image, {"type": "text", "text": style.aware_prompt(face.label, face.species)}]
        messages = [{"role": "system", "content": style.system()}, {"role": "user", "content": content}]
        settings = {"max_tokens": endpoint.max_tokens, "temperature": endpoint.temperature, "seed": endpoint.seed}
        requests.append({"model": endpoint.model, "messages": messages, **settings})
    return requests


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


def endpoint_of(url: str, concurrency: int) -> Endpoint:
    """Return params.yaml's endpoint at another URL, with another number of requests at a time."""
    settings = config.load("annotator").annotator
    common = (settings.attempts, settings.timeout_s, settings.max_tokens, settings.temperature, settings.seed)
    return Endpoint(url, KEY, MODELS[0], concurrency, *common)


def near(folder: Path, count: int) -> None:
    """Print captions/s beside the bare client's."""
    latency, concurrency = NEAR
    world, style = fixtures.world(folder / "crops", count), STYLES[STYLE]
    with served(world.annotator, latency) as url:
        endpoint = endpoint_of(url, concurrency)
        requests = bodies(world, style, endpoint)
        rates = [(*ours(world, style, endpoint, folder / f"near_{n}"), bare(requests, endpoint)) for n in range(ROUNDS)]
    kept, reported, simple = (max(values) for values in zip(*rates, strict=True))
    print(
        f"{count} captions, {latency * 1000:.0f} ms latency, {concurrency} at a time, so at most {concurrency / latency:.0f}/s:"
    )
    print(f"our client {kept:.1f} captions/s ({reported:.1f} with the report), the bare client {simple:.1f}, best of {ROUNDS}")
    print(f"ratio {kept / simple:.2f}, required: at least {SHARE:.2f}")


def far(folder: Path) -> None:
    """Print captions/s beside what is possible at all."""
    latency, concurrency = FAR
    world, possible = fixtures.world(folder / "crops", concurrency * ROUNDTRIPS), concurrency / latency
    with served(world.annotator, latency) as url:
        kept, reported = ours(world, STYLES[STYLE], endpoint_of(url, concurrency), folder / "far")
    print(
        f"{len(world.faces)} captions, {latency * 1000:.0f} ms latency, {concurrency} at a time, so at most {possible:.0f}/s:"
        f" {kept:.1f} captions/s ({reported:.1f} with the report)"
    )
    print(f"ratio {kept / possible:.2f}, required: at least {SHARE:.2f}")


def memory(folder: Path, count: int) -> None:
    """Print what the stage needs of memory for `count` faces, as a process of its own."""
    world = fixtures.world(folder / paths.CROPS, count)
    table.write(folder / paths.faces("msu"), world.faces, Face)
    table.write(folder / paths.truth("msu"), [], Truth)
    with served(world.annotator, 0.0) as url:
        content = config.read_yaml(paths.PARAMS)
        content["annotator"] |= {"base_url": url, "model": "stand-in", "datasets": ["msu"]}
        (folder / paths.PARAMS).write_text(yaml.safe_dump(content), encoding="utf-8")
        shutil.copy(paths.JOBS, folder)
        environment = {"PYTHONPATH": str(ROOT), "OPENAI_API_KEY": KEY, "FASREPRO_STORE": str(folder / "store")}
        command = [sys.executable, "-c", PROGRAM, STYLE]
        began = time.perf_counter()
        done = subprocess.run(command, cwd=folder, env=os.environ | environment, capture_output=True, text=True)
    if done.returncode:
        sys.exit(f"the stage annotate failed:\n{done.stderr}")
    seconds = time.perf_counter() - began
    most = int(done.stdout.split()[-1]) * 1024 / 1e6
    print(f"{count} captions without latency in {seconds:.0f} s, {count / seconds:.0f}/s")
    print(f"{most:.0f} MB, required: at most {MEGABYTES} MB")


def main() -> None:
    """Measure one after another."""
    counts = [int(argument) for argument in sys.argv[1:]]
    for part, arguments in ((near, counts[:1] or [FACES]), (far, []), (memory, counts[1:2] or [MANY])):
        with tempfile.TemporaryDirectory() as name:
            part(Path(name), *arguments)


if __name__ == "__main__":
    main()
