"""Two thousand captions from a server that fails in every known way, on a fixed schedule; and the same with five SIGKILLs."""

from __future__ import annotations

import asyncio
import collections
import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from fasrepro.captions import annotate, checks
from fasrepro.captions.styles import STYLES
from fasrepro.llm import budget, live, pricing
from fasrepro.llm.store import SEGMENT, Store
from fasrepro.llm.types import Endpoint
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.simulation.annotator.annotator import PROBES, Annotator
from fasrepro.simulation.annotator.server import application, content_of, serve
from tests.annotated_world import World, make_world
from tests.llm.chat_server import half_a_reply

ROOT = Path(__file__).parents[2]
KEY = "sk-very-secret-0123456789"
FACES, EVERY, MET, KILLS = 2000, 7, 20, 5
CONCURRENCY, ATTEMPTS, SEED, TIMEOUT_S = 16, 8, 1, 1.5
STYLE = STYLES["vanilla"]
THROTTLES = {"429 with Retry-After", "429"}
NO_REPLY = THROTTLES | {"500", "503", "cut", "stall"}
Attempt = tuple[str, int]  # pixels and seed: all that tells attempts apart, except for the prompt after a refusal


def failed(status: int, **headers: str) -> web.Response:
    message = f"we saw your key {KEY}"  # as real servers do
    return web.json_response({"error": {"message": message, "type": "t", "code": None}}, status=status, headers=headers)


async def stall(request: web.Request) -> web.Response:
    await asyncio.sleep(TIMEOUT_S * 1.5)
    return web.Response()


async def late(right: dict[str, Any]) -> web.Response:
    await asyncio.sleep(0.2)  # requests sent after it are answered before it
    return web.json_response(right)


def said(right: dict[str, Any], text: str, finish_reason: str = "stop") -> web.Response:
    choice = right["choices"][0] | {"finish_reason": finish_reason, "message": {"role": "assistant", "content": text}}
    return web.json_response(right | {"choices": [choice]})


def text_of(right: dict[str, Any]) -> str:
    return right["choices"][0]["message"]["content"]


FAULTS: dict[str, Callable[[web.Request, dict[str, Any]], web.Response | Awaitable[web.StreamResponse]]] = {
    "429 with Retry-After": lambda request, right: failed(429, **{"Retry-After": "0.05"}),
    "429": lambda request, right: failed(429),
    "500": lambda request, right: failed(500),
    "503": lambda request, right: failed(503),
    "cut": lambda request, right: half_a_reply(request),
    "stall": lambda request, right: stall(request),
    "empty choice": lambda request, right: web.json_response(right | {"choices": []}),
    "length": lambda request, right: said(right, text_of(right)[:40], "length"),
    "refusal": lambda request, right: said(right, "I'm sorry, but I can't help with judging a person's face."),
    "invalid JSON": lambda request, right: said(right, '{"text": "Wavy stripes run over'),
    "wrong shape": lambda request, right: said(right, json.dumps({"answer": text_of(right)})),
    "duplicate id": lambda request, right: web.json_response(right | {"id": "chatcmpl-again"}),
    "out of order": lambda request, right: late(right),
}


class FaultyServer:
    """The simulated annotator, but every `EVERY`-th request meets the next fault. Records the requests and their faults."""

    def __init__(self, annotator: Annotator) -> None:
        self.asked: list[Attempt] = []
        self.met: list[str] = []  # the fault of each request, or ""
        self.app = application(annotator)

        @web.middleware
        async def faulty(request: web.Request, handler: Any) -> web.StreamResponse:
            body = await request.json()
            text, image = content_of(body)
            response = await handler(request)
            if text in PROBES:
                return response
            number = len(self.asked)
            fault = list(FAULTS)[number // EVERY % len(FAULTS)] if number % EVERY == EVERY - 1 else ""
            self.asked.append((image, body["seed"]))
            self.met.append(fault)
            if not fault:
                return response
            answer = FAULTS[fault](request, json.loads(response.body))
            return await answer if asyncio.iscoroutine(answer) else answer

        self.app.middlewares.append(faulty)

    def sent(self, start: int = 0) -> collections.Counter[Attempt]:
        """Count how often each attempt was made from the `start`-th request on; throttled requests are no attempts."""
        pairs = zip(self.asked[start:], self.met[start:], strict=True)
        return collections.Counter(asked for asked, fault in pairs if fault not in THROTTLES)

    def replied(self) -> set[Attempt]:
        return {asked for asked, fault in zip(self.asked, self.met, strict=True) if fault not in NO_REPLY}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return make_world(tmp_path_factory.mktemp("world"), FACES)


def stored(folder: Path) -> dict[Attempt, str]:
    """Read the store without our code: "reply" or "error" for each attempt in a whole line; no attempt occurs twice."""
    found: dict[Attempt, str] = {}
    for line in (folder / SEGMENT).read_bytes().split(b"\n")[:-1] if (folder / SEGMENT).exists() else []:
        try:
            record = json.loads(line)
            asked = (record["request"]["image"], record["request"]["seed"])
        except (ValueError, KeyError):
            continue  # torn by a kill, or of the probe
        assert asked not in found
        found[asked] = "error" if "error" in record else "reply"
    return found


def check_captions(world: World, annotator: Annotator, captions: list[Caption], server: FaultyServer) -> None:
    """Check that each face has one caption, namely the reply about its own image in the attempt that the caption names."""
    by_id = {caption.face_id: caption for caption in captions}
    assert len(captions) == len(by_id) == len(world.faces)
    for face in world.faces:
        caption = by_id[face.face_id]
        prompt = dict(STYLE.prompts(True, face.label, face.species))[caption.prompt_version]
        seed = SEED + caption.attempts - 1
        assert caption.text == checks.parse(STYLE, annotator.reply(prompt, face.crop_sha256, seed, 600)[0])[0]
        assert (face.crop_sha256, seed) in server.replied()
    met = collections.Counter(fault for fault in server.met if fault)
    assert set(met) == set(FAULTS) and min(met.values()) >= MET
    assert max(collections.Counter(server.asked).values()) <= 1 + live.MAX_THROTTLES + KILLS
    assert max(seed for _, seed in server.asked) < SEED + ATTEMPTS


def assert_no_key_under(folder: Path) -> None:
    for path in folder.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


def test_two_thousand_captions_complete_whatever_the_server_does(world: World, tmp_path: Path) -> None:
    annotator = world.annotator(missed_cue=0.1)
    server = FaultyServer(annotator)
    with serve(server.app) as url, Store(tmp_path) as store:
        endpoint = Endpoint(url, KEY, "m", CONCURRENCY, ATTEMPTS, TIMEOUT_S, 600, 0.7, SEED, backoff_s=0.02)
        captions, report = annotate.annotate(world.faces, world.crops, STYLE, endpoint, store, True)
    check_captions(world, annotator, captions, server)
    assert report["failed"] == {} and report["captions"] == FACES
    assert max(server.sent().values()) == 1  # no attempt is made twice
    assert {asked for asked, kind in stored(tmp_path).items() if kind == "reply"} == server.replied()
    assert_no_key_under(tmp_path)

    with Store(tmp_path) as store:  # the server is gone: the store holds everything
        again, same = annotate.annotate(world.faces, world.crops, STYLE, endpoint, store, True)
    assert (again, same) == (captions, report)


def test_five_kills_lose_no_reply_and_repeat_only_requests_in_flight(world: World, tmp_path: Path) -> None:
    shutil.copytree(world.root / "results", tmp_path / "results")
    store, annotator = tmp_path / "store", world.annotator(missed_cue=0.1)
    server = FaultyServer(annotator)
    moments, told, output = random.SystemRandom(), [], b""
    with serve(server.app) as url:
        params = yaml.safe_load((ROOT / "params.yaml").read_text())
        changes = {"concurrency": CONCURRENCY, "attempts": ATTEMPTS, "timeout_s": TIMEOUT_S, "seed": SEED}
        params["annotator"] |= {"base_url": url, "model": "m", **changes}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
        shutil.copy(ROOT / "jobs.yaml", tmp_path)
        environment = os.environ | {"OPENAI_API_KEY": KEY, "FASREPRO_STORE": str(store), "PYTHONPATH": str(ROOT)}

        def start() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "fasrepro.stages.annotate", "--set", STYLE.name]
            return subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

        for _ in range(KILLS):
            kept, before = stored(store), len(server.asked)
            run = start()
            # From before its first request to a sixth of the way, so that all kills fit before the end.
            wanted, wait = moments.randint(0, FACES // 6), moments.uniform(0, 0.06)
            told.append((wanted, round(wait, 3)))
            while len(server.asked) - before < wanted and run.poll() is None:
                time.sleep(0.001)
            time.sleep(wait)
            assert run.poll() is None, (told, run.communicate())
            run.kill()
            output += run.communicate()[0]
            time.sleep(0.3)  # let the server finish the requests in flight
            assert kept.items() <= stored(store).items(), told
            assert not set(server.sent(before)) & set(kept), told
            assert not list((tmp_path / "results").glob("captions*")), told
        kept, before = stored(store), len(server.asked)
        run = start()
        output += run.communicate(timeout=120)[0]
        assert run.returncode == 0, output
        assert not set(server.sent(before)) & set(kept), told

        captions = table.read(tmp_path / "results" / "captions" / f"{STYLE.name}.parquet", Caption)
        check_captions(world, annotator, captions, server)
        assert sum(count - 1 for count in server.sent().values()) <= KILLS * CONCURRENCY, told

        asked = len(server.asked)
        again = start()
        output += again.communicate(timeout=60)[0]
        assert again.returncode == 0 and len(server.asked) == asked  # a full store asks nothing
    assert KEY.encode() not in output
    assert_no_key_under(tmp_path)


def test_a_small_budget_stops_in_time_and_a_larger_one_goes_on(world: World, tmp_path: Path) -> None:
    """At gpt-4o's price, with the usage that the server reports, a cent pays for a few captions."""
    annotator = world.annotator()
    server = FaultyServer(annotator)
    faces = world.faces[:40]

    def run(url: str, store: Store, limit: float) -> list[Caption]:
        endpoint = Endpoint(url, KEY, "gpt-4o", 4, ATTEMPTS, TIMEOUT_S, 600, 0.7, SEED, backoff_s=0.02, budget_usd=limit)
        return annotate.annotate(faces, world.crops, STYLE, endpoint, store, True)[0]

    with serve(server.app) as url, Store(tmp_path) as store:
        with pytest.raises(
            budget.BudgetError, match=r"budget of \$0\.01 .* with a larger budget, `dvc repro` goes on from there"
        ):
            run(url, store, 0.01)
        spent, first = budget.spent_usd(store), len(server.asked)
        price = pricing.required_price("gpt-4o", local=True)
        request = annotate.requests_for(faces, world.crops, STYLE, True)[0][faces[0].face_id]
        next_one = price.cost(**pricing.max_usage(price, request, request.image(), 600))
        assert 0.01 - 1.1 * next_one < spent <= 0.01 and first >= 2
        replies = len(store)
        with pytest.raises(budget.BudgetError):
            run(url, store, 0.01)
        assert len(server.asked) == first  # not one more
        captions = run(url, store, 1.0)
        assert len(captions) == len(faces) and len(store) > replies
        assert max(server.sent().values()) == 1
    assert_no_key_under(tmp_path)
