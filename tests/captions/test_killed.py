"""The annotate stage killed with SIGKILL at a random moment, thrice, and run again."""

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
from pathlib import Path
from typing import Any

import yaml
from aiohttp import web

from fasrepro import records
from fasrepro.captions import simulated
from fasrepro.captions.store import SEGMENT
from fasrepro.records import Caption

ROOT = Path(__file__).parents[2]
CONCURRENCY = 6
Asked = tuple[str, int]  # pixels and seed: all in which the requests of one style differ


def stored(folder: Path) -> list[Asked]:
    """Read the store with nothing of ours: every whole line, replies and errors alike."""
    lines = (folder / SEGMENT).read_bytes().split(b"\n")[:-1] if (folder / SEGMENT).exists() else []
    attempts = []
    for line in lines:
        try:
            request = json.loads(line)["request"]
        except ValueError:
            continue  # torn by a kill
        attempts.append((request["image"], request["seed"]))
    return attempts


def test_three_kills_lose_no_reply_and_repeat_at_most_what_was_in_flight(world: Any, tmp_path: Path) -> None:
    shutil.copytree(world.root / "results", tmp_path / "results")
    store = tmp_path / "store"
    asked: list[Asked] = []
    rates = {"refusal": 0.1, "bad_format": 0.1, "cut_off": 0.1, "empty": 0.05, "http_error": 0.04, "missed_cue": 0.1}
    app = simulated.application(world.annotator(**rates))

    @web.middleware
    async def counted(request: web.Request, handler: Any) -> web.StreamResponse:
        body = await request.json()
        asked.append((simulated.content_of(body)[1], body["seed"]))
        await asyncio.sleep(0.04)
        return await handler(request)

    app.middlewares.append(counted)
    moments, told = random.SystemRandom(), []
    with simulated.serve(app) as url:
        params = yaml.safe_load((ROOT / "params.yaml").read_text())
        params["annotator"] |= {"base_url": url, "concurrency": CONCURRENCY, "model": "m"}
        (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
        environment = os.environ | {"OPENAI_API_KEY": "any", "FASREPRO_STORE": str(store), "PYTHONPATH": str(ROOT)}

        def start() -> subprocess.Popen[bytes]:
            command = [sys.executable, "-m", "fasrepro.stages.annotate", "--style", "vanilla"]
            return subprocess.Popen(command, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)

        for _ in range(3):
            kept, before = stored(store), len(asked)
            run = start()
            # From before its first request to a third of the way, so that three kills fit before the end.
            wanted, wait = moments.randint(0, len(world.faces) // 4), moments.uniform(0, 0.06)
            told.append((wanted, round(wait, 3)))
            while len(asked) - before < wanted and run.poll() is None:
                time.sleep(0.001)
            time.sleep(wait)
            assert run.poll() is None, (told, run.communicate())
            run.kill()
            run.communicate()
            time.sleep(0.1)  # let the server finish what was in flight
            assert stored(store)[: len(kept)] == kept, told
            assert not set(asked[before:]) & set(kept), told
            assert not list((tmp_path / "results").glob("captions*")), told
        kept, before = stored(store), len(asked)
        run = start()
        _, errors = run.communicate(timeout=60)
        assert run.returncode == 0, errors

        attempts = stored(store)
        assert not set(asked[before:]) & set(kept), told
        assert len(attempts) == len(set(attempts)), told
        assert set(asked) == set(attempts), told
        repeated = sum(count - 1 for count in collections.Counter(asked).values())
        assert repeated <= 3 * CONCURRENCY, told
        captions = records.read(tmp_path / "results" / "captions" / "vanilla.parquet", Caption)
        assert [caption.face_id for caption in captions] == sorted(face.face_id for face in world.faces), told

        asked.clear()
        assert start().wait(60) == 0
        assert asked == []  # a whole store asks nothing
