"""The demo page's server with a small exported model, asked by a real client over loopback."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from fasrepro import local_page
from fasrepro.deployment import demo, exported, results
from tests.exports import draw, export

TOKEN = "a-token"
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
Post = Callable[..., Awaitable[tuple[int, Any]]]


@pytest.fixture(scope="module")
def loaded(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> exported.Loaded:
    return exported.load(export(checkpoint, tmp_path_factory.mktemp("model"))[0])


@pytest.fixture(scope="module")
def writes() -> list[str]:
    """The files that this process has opened for writing; a hook cannot be taken back, so it is set once."""
    opened: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING:
            opened.append(str(arguments[0]))

    sys.addaudithook(hook)
    return opened


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(demo, "LARGEST", 1000)
    yield


def with_server(loaded: exported.Loaded, test: Callable[[Post], Awaitable[None]]) -> None:
    """Run a test with a function that posts to a running server and returns the status and the JSON of its answer."""

    async def run() -> None:
        app = demo.application(loaded, results.Threshold(0.5, "nobody"), "Beware.", TOKEN)
        runner = web.AppRunner(app)
        await runner.setup()
        with local_page.opened(0) as listening:
            await web.SockSite(runner, listening).start()
            origin = local_page.address(listening, TOKEN).removesuffix(f"/{TOKEN}/")
            async with aiohttp.ClientSession() as http:

                async def post(data: bytes, token: str = TOKEN, **headers: str) -> tuple[int, Any]:
                    sent = {"Origin": origin, "Content-Type": demo.PICTURE} | headers
                    async with http.post(f"{origin}/{token}/api/picture", data=data, headers=sent) as response:
                        assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; ")
                        return response.status, await response.json()

                await test(post)
            await runner.cleanup()

    asyncio.run(run())


def test_a_picture_is_judged_as_predict_does_and_written_nowhere(
    loaded: exported.Loaded, writes: list[str], tmp_path: Path
) -> None:
    path = draw(tmp_path / "two.png", 120, 120)
    question = results.Question(results.Threshold(0.5, "nobody"), all_faces=True, explain=True)
    expected = results.of_file(loaded, path, question)

    async def test(post: Post) -> None:
        data = path.read_bytes()
        before = len(writes)
        status, answer = await post(data)
        assert writes[before:] == []
        assert status == 200
        scores = [(one["box"], one["p_attack"], one["explanation"]) for one in answer["results"]]
        assert scores == [(list(one.box or ()), one.p_attack, one.explanation) for one in expected]
        assert [one["threshold_from"] for one in answer["results"]] == ["nobody", "nobody"]

    with_server(loaded, test)
    (tmp_path / "seen").write_text("the hook does see a file that is written")
    assert writes[-1] == str(tmp_path / "seen")


def test_what_is_no_picture_has_its_state(loaded: exported.Loaded) -> None:
    async def test(post: Post) -> None:
        status, answer = await post(b"no picture")
        assert (status, answer["results"][0]["state"], answer["results"][0]["p_attack"]) == (200, "not_a_picture", None)

    with_server(loaded, test)


def test_only_the_page_itself_is_served(loaded: exported.Loaded) -> None:
    async def test(post: Post) -> None:
        assert (await post(b"x", Origin="https://evil.example"))[0] == 403
        assert (await post(b"x", token="another"))[1]["reason"].endswith("open the address that `fasrepro demo` printed last")
        # Types that a page of another site may send without asking.
        for kind in ("text/plain", "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):
            assert (await post(b"x", **{"Content-Type": kind}))[0] == 422

    with_server(loaded, test)


def test_a_file_that_is_too_large_is_refused(loaded: exported.Loaded, small_limit: None) -> None:
    async def test(post: Post) -> None:
        assert (await post(b"x" * 2000))[0] == 413

    with_server(loaded, test)
