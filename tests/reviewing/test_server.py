"""The review page's server, asked by a real client over loopback."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from fasrepro import local_page
from fasrepro.reviewing import server
from fasrepro.reviewing.session import ReviewSet, Session
from tests.reviewing.conftest import caption

TOKEN = "a-token"
Open = Callable[[str], Session]


class Client:
    """A client of a running server; `origin` is sent with every change."""

    def __init__(self, http: aiohttp.ClientSession, origin: str) -> None:
        self.http, self.origin = http, origin

    async def get(self, path: str, **headers: str) -> tuple[int, Any, Any]:
        async with self.http.get(f"{self.origin}/{path}", headers=headers) as response:
            body = await response.read()
            return response.status, body, response.headers

    async def post(self, path: str, body: Any, **headers: str) -> tuple[int, Any]:
        headers = {"Origin": self.origin, "Content-Type": "application/json"} | headers
        sent = {name: value for name, value in headers.items() if value}
        async with self.http.post(f"{self.origin}/{TOKEN}/api/{path}", data=json.dumps(body), headers=sent) as response:
            return response.status, json.loads(await response.read())


@contextlib.asynccontextmanager
async def serving(session: Session) -> AsyncIterator[Client]:
    runner = web.AppRunner(server.application(session, TOKEN))
    await runner.setup()
    with local_page.opened(0) as listening:
        await web.SockSite(runner, listening).start()
        origin = local_page.address(listening, TOKEN).removesuffix(f"/{TOKEN}/")
        async with aiohttp.ClientSession() as http:
            yield Client(http, origin)
        await runner.cleanup()


def with_client(session: Session, test: Callable[[Client], Awaitable[None]]) -> None:
    """Run a test with a client of a server of its own."""

    async def run() -> None:
        async with serving(session) as client:
            await test(client)

    asyncio.run(run())


def about(reviewed: ReviewSet, at: int, **fields: Any) -> dict[str, Any]:
    return {"at": at, "face_id": reviewed.faces[at].face_id, **fields}


GETS = ("", "review.js", "review.css", "icon.svg", "api/set", "api/face?at=0", "api/next?at=0", "api/image?at=0", "api/cues?at=0")


def test_nothing_is_answered_without_the_token(session: Open) -> None:
    async def test(client: Client) -> None:
        for path in GETS:
            assert (await client.get(f"{TOKEN}/{path}"))[0] == 200, path
            for token in ("", "a-toke", "a-tokens", "%C3%A9", f"x/{TOKEN}"):
                status, body, _ = await client.get(f"{token}/{path}".lstrip("/"))
                assert status == 403 and b"open the address that `fasrepro review` printed last" in body, (token, path)

    with_client(session("ann"), test)


def test_every_answer_forbids_what_is_not_the_pages_own(session: Open) -> None:
    async def test(client: Client) -> None:
        for path in (*(f"{TOKEN}/{path}" for path in GETS), "wrong", f"{TOKEN}/nothing", f"{TOKEN}/api/face?at=99"):
            _, _, headers = await client.get(path)
            policy = headers["Content-Security-Policy"]
            assert policy.startswith("default-src 'none'; ") and "unsafe" not in policy and "http" not in policy
            assert (headers["Cache-Control"], headers["Referrer-Policy"]) == ("no-store", "no-referrer")
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert "Access-Control-Allow-Origin" not in headers and "Set-Cookie" not in headers

    with_client(session("ann"), test)


@pytest.mark.parametrize("origin", ["https://evil.example", "http://127.0.0.1:1", "null", "", "file://"])
def test_a_change_from_another_origin_is_refused(session: Open, reviewed: ReviewSet, origin: str) -> None:
    async def test(client: Client) -> None:
        for path in ("decide", "draft", "undo", "revert", "split"):
            status, body = await client.post(path, about(reviewed, 0, action="drop", fields={"text": "x"}), Origin=origin)
            assert (status, body["reason"]) == (403, "changes are taken from the page itself alone")
        assert not reviewed.path.exists() and not reviewed.drafts.exists()

    with_client(session("ann"), test)


def test_a_foreign_name_for_this_machine_is_refused(session: Open) -> None:
    async def test(client: Client) -> None:
        port = client.origin.rpartition(":")[2]
        assert (await client.get(f"{TOKEN}/", Host=f"localhost:{port}"))[0] == 200
        for host in (f"evil.example:{port}", "127.0.0.1", "127.0.0.1:1", f"127.0.0.1.evil.example:{port}"):
            assert (await client.get(f"{TOKEN}/", Host=host))[0] == 403

    with_client(session("ann"), test)


def test_the_server_listens_on_this_machine_alone() -> None:
    with local_page.opened(0) as listening:
        host, port = listening.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(local_page.ServerError, match=f"port {port} cannot be used .*: name another with --port"):
            local_page.opened(port)
    with pytest.raises(local_page.ServerError, match="port 70000 cannot be used"):
        local_page.opened(70000)


def test_a_face_is_decided_and_the_answer_shows_it(session: Open, reviewed: ReviewSet) -> None:
    async def test(client: Client) -> None:
        fields = {"parts": [caption(reviewed.faces[0])]}
        status, answer = await client.post("decide", about(reviewed, 0, action="accept", fields=fields))
        assert status == 200 and answer["progress"]["decided"] == 1
        assert [own["action"] for own in answer["face"]["own"]] == ["accept"]
        status, answer = await client.post("undo", {})
        assert (status, answer["face"]["at"], answer["progress"]["decided"]) == (200, 0, 0)
        status, answer = await client.post("undo", {})
        assert (status, answer["reason"]) == (422, "there is no decision of yours to take back")

    with_client(session("ann"), test)


def test_a_draft_is_kept_and_checked_by_the_parser(session: Open, reviewed: ReviewSet) -> None:
    async def test(client: Client) -> None:
        status, answer = await client.post("draft", about(reviewed, 0, fields={"text": "Dots."}))
        assert (status, answer["check"]["words"]) == (200, 1) and answer["check"]["reason"].startswith("no verdict")
        assert json.loads((await client.get(f"{TOKEN}/api/face?at=0"))[1])["face"]["draft"] == {"text": "Dots."}
        _, answer = await client.post("revert", about(reviewed, 0))
        assert answer["face"]["draft"] is None

    with_client(session("ann"), test)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ([], "not a JSON object"),
        ({"at": 99}, "no face at '99': there are 6, from 0"),
        ({"at": -1}, "no face at '-1'"),
        ({"at": "²"}, "no face at"),
        ({"at": 0, "face_id": "another"}, "the set has changed since this page was opened"),
        ({"action": "undo"}, "unknown action 'undo'"),
        ({"action": "edit", "fields": {"parts": ["a", "b"]}}, "expected 1 parts, each a text"),
        ({"action": "edit", "fields": 3}, "fields is no object"),
        ({"action": "edit", "fields": {"text": "\ud83d"}}, "half a character"),
        ({"action": "edit", "fields": {"text": "Dots."}}, "no verdict"),
        ({"action": "drop", "settles": ["x"]}, "look at it again"),
        ({"action": "drop", "settles": 1}, "settles is no list"),
    ],
)
def test_a_change_that_cannot_be_made_says_why_and_changes_nothing(
    session: Open, reviewed: ReviewSet, body: Any, reason: str
) -> None:
    async def test(client: Client) -> None:
        whole = about(reviewed, 0) | body if isinstance(body, dict) else body
        status, answer = await client.post("decide", whole)
        assert status == 422 and reason in answer["reason"]
        assert not reviewed.path.exists()

    with_client(session("ann"), test)


def test_a_form_of_another_site_cannot_be_sent_as_json(session: Open, reviewed: ReviewSet) -> None:
    async def test(client: Client) -> None:
        status, answer = await client.post("undo", {}, **{"Content-Type": "text/plain"})
        assert (status, answer["reason"]) == (422, "changes are sent as application/json")

    with_client(session("ann"), test)


def test_a_picture_holds_nothing_but_the_picture(session: Open) -> None:
    async def test(client: Client) -> None:
        _, body, headers = await client.get(f"{TOKEN}/api/image?at=0")
        assert headers["Content-Type"] == "image/png" and body.startswith(b"\x89PNG") and b"tEXt" not in body

    with_client(session("ann"), test)


def test_a_file_that_was_damaged_meanwhile_is_named(session: Open, reviewed: ReviewSet) -> None:
    ann = session("ann")
    ann.decide(reviewed.faces[0], "drop", {}, [])
    reviewed.path.write_text(reviewed.path.read_text() + "no json\n")

    async def test(client: Client) -> None:
        status, body, _ = await client.get(f"{TOKEN}/api/face?at=0")
        assert status == 422 and "vanilla.jsonl, line 2: no JSON" in json.loads(body)["reason"]

    with_client(ann, test)
