from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from fasrepro import cli, config, files, paths
from fasrepro.commands import jobs
from fasrepro.models import backbones
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.stages import annotate
from tests import caption_models
from tests.layout import ROOT
from tests.llm.chat_server import Server, ok
from tests.small_models import PROMPT, save_trained
from tests.stages.projects import write_params


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, checkpoint: Path) -> Path:
    monkeypatch.chdir(tmp_path)
    params = config.read_yaml(ROOT / "params.yaml")
    params["training"]["backbone"] = str(checkpoint)
    files.write_text(paths.PARAMS, yaml.safe_dump(params))
    files.write_text(paths.JOBS, jobs.text())
    return tmp_path


def test_a_trained_job_becomes_a_checkpoint_whole_or_not_at_all(
    project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_trained(checkpoint, paths.checkpoint("icm_o-reasoning-0"))
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "served/one"]) == 0
    assert backbones.load("served/one")
    assert yaml.safe_load("\n".join(capsys.readouterr().out.splitlines()[2:])) == {
        "base_url": "http://localhost:8000/v1",
        "model": "served/one",
        "prompt": config.read_yaml(paths.PARAMS)["training"]["prompt"],
    }
    paths.checkpoint("icm_o-reasoning-0").joinpath("head.safetensors").unlink()
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "served/two"]) == 1
    assert [path.name for path in Path("served").iterdir()] == ["one"]


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["icm_o-reasonin-0", "--to", "out"], "unknown job 'icm_o-reasonin-0'. Did you mean 'icm_o-reasoning-0'?"),
        (["icm_o-reasoning-9", "--to", "out"], "unknown job 'icm_o-reasoning-9'. Did you mean 'icm_o-reasoning-"),
        (["icm_o-reasoning-0", "--to", "out"], "no such folder; `dvc repro train@icm_o-reasoning-0` trains it"),
    ],
)
def test_what_cannot_be_merged_is_said_with_the_remedy(
    project: Path, capsys: pytest.CaptureFixture[str], asked: list[str], said: str
) -> None:
    assert cli.main(["merge", *asked]) == 1
    assert said in capsys.readouterr().err
    assert not Path("out").exists()


def test_an_existing_folder_is_not_overwritten(project: Path, checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    save_trained(checkpoint, paths.checkpoint("icm_o-reasoning-0"))
    Path("out").mkdir()
    assert cli.main(["merge", "icm_o-reasoning-0", "--to", "out"]) == 1
    assert "out: exists already" in capsys.readouterr().err


@contextlib.contextmanager
def serving(server: Server) -> Iterator[str]:
    """Yield the URL of a server that runs in a thread of its own."""
    loop, runner = asyncio.new_event_loop(), web.AppRunner(server.app)

    async def start() -> int:
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        return int(runner.addresses[0][1])

    port = loop.run_until_complete(start())
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        asyncio.run_coroutine_threadsafe(runner.cleanup(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def test_a_caption_model_behind_a_server_is_an_annotator_with_its_own_prompt(
    world: Any, captioner: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OPENAI_API_KEY", "none")
    caption_models.project(world, captioner)
    assert cli.main(["merge", caption_models.NAME, "--to", "served"]) == 0
    first, _, *lines = capsys.readouterr().out.splitlines()
    assert "`transformers serve served --port 8000` or, on GPUs, `vllm serve served --port 8000`" in first
    settings = yaml.safe_load("\n".join(lines))
    server = Server(lambda request, body, number: ok(caption_models.TEXT))
    with serving(server) as url:
        write_params(
            annotator={**settings, "base_url": url, "datasets": ["msu"], "accepts": {"images": True}},
            captions={"gold": {"style": "cot", "author": "annotator"}},
        )
        annotate.main(["--set", "gold"])
    captions = table.read(paths.captions("gold"), Caption)
    assert {row.text for row in captions} == {caption_models.TEXT} and len(captions) == len(world.faces)
    assert not any(row.label_aware for row in captions)
    asked = [part["text"] for body in server.bodies for part in body["messages"][-1]["content"] if "text" in part]
    assert asked.count(PROMPT) >= len(world.faces) and not any("known to be" in text for text in asked)
