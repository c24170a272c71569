"""The client against real servers on loopback that fail in the ways that servers fail."""

from __future__ import annotations

import asyncio
import dataclasses
import email.utils
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fasrepro.captions.checks import Rejected
from fasrepro.llm import client, types
from fasrepro.llm.store import Store
from fasrepro.llm.types import Answer, ChatRequest, Endpoint, EndpointError, Failure, Reply
from fasrepro.simulation.annotator.server import serve

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


def complete(
    script: Script, folder: Path, requests: dict[str, ChatRequest] | None = None, max_failures: int | None = None, **changes: Any
) -> tuple[Server, dict[str, Answer[str]], dict[str, Failure]]:
    server = Server(script)
    with serve(server.app) as url, Store(folder) as store:
        answers, failures = client.complete(
            requests or {"a": REQUEST}, accept, endpoint(url, **changes), store, max_failures=max_failures
        )
    assert KEY not in "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    return server, answers, failures


def test_what_is_sent_is_the_chat_api(tmp_path: Path) -> None:
    request = ChatRequest("be brief", "what is this?", "test-1", lambda: b"png bytes", "pixels")
    seen = []
    server, answers, failures = complete(
        lambda request, body, n: seen.append(request.headers["Authorization"]) or ok("x"), tmp_path, {"a": request}
    )
    assert seen == [f"Bearer {KEY}"] and failures == {}
    assert server.bodies == [
        {
            "model": "m",
            "max_tokens": 50,
            "temperature": 0.5,
            "seed": 100,
            "messages": [
                {"role": "system", "content": "be brief"},
                {
                    "role": "user",
                    "content": [
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,cG5nIGJ5dGVz"}},
                        {"type": "text", "text": "what is this?"},
                    ],
                },
            ],
        }
    ]
    assert answers["a"].value == "x" and answers["a"].attempts == 1


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


@pytest.mark.parametrize(
    ("first", "code", "stored"),
    [
        (lambda request: failed(500, f"we saw your key {KEY}"), "HTTP 500", False),
        (lambda request: failed(503), "HTTP 503", False),
        (lambda request: failed(408), "HTTP 408", False),
        (cut_connection, "connection", False),
        (half_a_reply, "connection", False),
        (stall, "timeout", False),
        (dripping, "timeout", False),
        (lambda request: web.Response(text="<html>welcome</html>", content_type="text/html"), "bad answer", False),
        (lambda request: web.Response(text='{"choices": ', content_type="application/json"), "bad answer", False),
        (lambda request: web.json_response({"hello": "world"}), "bad answer", False),
        (lambda request: web.json_response(completion("x") | {"choices": []}), "empty", True),
        (lambda request: ok(""), "empty", True),
        (lambda request: ok(None), "empty", True),
        (lambda request: ok("This is a", "length"), "cut off", True),
        (lambda request: ok(None, refusal="I can't do that"), "refusal", True),
        (lambda request: odd(choices=[None]), "empty", True),
        (lambda request: odd(choices=[{"index": 0, "finish_reason": "stop", "message": None}]), "empty", True),
        (lambda request: odd(usage={}, choices=[]), "empty", True),
        (lambda request: odd(usage={"prompt_tokens": 1, "completion_tokens": None}, choices=[]), "empty", True),
    ],
)
def test_each_failure_uses_up_one_attempt_and_the_next_has_another_seed(
    tmp_path: Path, first: Callable[[web.Request], Any], code: str, stored: bool
) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> Any:
        return first(request) if number == 0 else ok(f"answer to {body['seed']}")

    server, answers, failures = complete(script, tmp_path, timeout_s=0.5)
    assert failures == {}
    assert answers["a"].value == "answer to 101"
    assert (answers["a"].attempts, answers["a"].rejected) == (2, (code,))
    assert [body["seed"] for body in server.bodies] == [100, 101]
    with Store(tmp_path) as store:  # a reply that was paid for is kept even if it is of no use
        assert (store.get(types.request_key(endpoint(""), REQUEST, 0)) is not None) == stored

    again, answers_again, _ = complete(script, tmp_path, timeout_s=0.5)
    assert again.bodies == [] and answers_again == answers


@pytest.mark.parametrize("date", [False, True])
def test_retry_after_is_honoured_by_all(tmp_path: Path, date: bool) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if number:
            return ok("x")
        after = email.utils.formatdate(time.time() + 2, usegmt=True) if date else "1"
        return failed(429, **{"Retry-After": after})

    requests = {str(number): ChatRequest("s", f"question {number}", "v") for number in range(3)}
    server, answers, _ = complete(script, tmp_path, requests, concurrency=1)
    assert len(answers) == 3
    assert server.times[1] - server.times[0] >= 0.95


def test_what_is_throttled_is_sent_again_as_it_was_and_is_no_attempt(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return failed(429) if number < 3 else failed(503, **{"Retry-After": "0.01"}) if number == 3 else ok("x")

    server, answers, _ = complete(script, tmp_path)
    assert (answers["a"].attempts, answers["a"].rejected) == (1, ())
    assert [body["seed"] for body in server.bodies] == [100] * 5
    gaps = [later - earlier for earlier, later in zip(server.times, server.times[1:], strict=False)]
    assert gaps[0] >= 0.01 and gaps[2] >= 0.04  # without a Retry-After each wait is twice the last


def test_a_server_that_throttles_for_ever_uses_up_its_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "THROTTLED", 2)
    monkeypatch.setattr(client, "LONGEST_BACKOFF_S", 0.01)
    server, _, failures = complete(lambda request, body, number: failed(429), tmp_path)
    assert failures["a"].rejected == ("HTTP 429",) * 3
    assert [body["seed"] for body in server.bodies] == [100] * 3 + [101] * 3 + [102] * 3


def test_a_refused_prompt_is_asked_again_then_its_variants_then_people(tmp_path: Path) -> None:
    def refusing(until: int) -> Script:
        refuse = ok(None, refusal="I can't do that")
        return lambda request, body, number: ok("fine") if number == until else web.json_response(text=refuse.text)

    request = ChatRequest("s", "one", "v-1", instead=(ChatRequest("s", "two", "v-2"), ChatRequest("s", "three", "v-3")))
    server, answers, _ = complete(refusing(4), tmp_path / "a", {"a": request}, attempts=9)
    assert [body["messages"][1]["content"][0]["text"] for body in server.bodies] == ["one", "one", "two", "two", "three"]
    assert [body["seed"] for body in server.bodies] == [100, 101, 102, 103, 104]
    assert (answers["a"].prompt_version, answers["a"].rejected) == ("v-3", ("refusal",) * 4)

    server, _, failures = complete(refusing(99), tmp_path / "b", {"a": request}, attempts=9)
    assert len(server.bodies) == 6 and failures["a"].rejected == ("refusal",) * 6
    server, _, failures = complete(refusing(99), tmp_path / "c", {"a": request}, attempts=5)
    assert len(server.bodies) == 5  # attempts bound them all


def test_only_a_server_that_can_is_asked_for_json_and_a_reply_in_either_form_is_never_asked_again(tmp_path: Path) -> None:
    request = dataclasses.replace(REQUEST, schema={"type": "object"})
    plain, _, _ = complete(lambda request, body, number: ok("x"), tmp_path, {"a": request})
    assert "response_format" not in plain.bodies[0]
    again, answers, _ = complete(lambda request, body, number: ok("y"), tmp_path, {"a": request}, probe=True)
    assert again.bodies == [] and answers["a"].value == "x"  # not even to probe: there is nothing to ask
    other = {"b": dataclasses.replace(request, user="another question")}
    script = lambda request, body, number: ok('{"colour": "red"}')  # noqa: E731
    probed, _, _ = complete(script, tmp_path, other, probe=True)
    assert probed.bodies[-1]["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_a_model_that_takes_no_images_is_named_before_an_image_is_paid_for(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        images = any(part["type"] == "image_url" for part in body["messages"][-1]["content"])
        return failed(400, "image input is not supported") if images else ok("red")

    request = dataclasses.replace(REQUEST, image=lambda: pytest.fail("read"), image_sha256="pixels")
    with pytest.raises(EndpointError, match="model 'm': takes no images; name a vision model"):
        complete(script, tmp_path, {"a": dataclasses.replace(request, image=lambda: b"png")}, probe=True)


def test_headers_that_make_no_sense_are_ignored() -> None:
    assert types.retry_after({"retry-after": "soon"}) == 0.0
    assert types.retry_after({"retry-after": "-5"}) == 0.0
    assert types.retry_after({"retry-after": "99999"}) == types.LONGEST_WAIT_S
    assert types.retry_after({"retry-after-ms": "250"}) == 0.25
    assert types.retry_after({}) == 0.0


def test_after_all_attempts_the_last_reason_is_reported_and_a_later_run_tries_an_outage_again(tmp_path: Path) -> None:
    server, answers, failures = complete(lambda request, body, number: failed(500, "out of order"), tmp_path)
    assert len(server.bodies) == 3 and answers == {}
    assert failures["a"].rejected == ("HTTP 500",) * 3 and "out of order" in failures["a"].reason
    server, answers, failures = complete(lambda request, body, number: ok("back"), tmp_path)
    assert len(server.bodies) == 1 and failures == {}
    assert answers["a"].value == "back"


def test_a_text_in_parts_is_a_text(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "one "}, "two", {"type": "image"}, {"type": "text", "text": " three"}]
    _, answers, _ = complete(lambda request, body, number: ok(parts), tmp_path)  # type: ignore[arg-type]
    assert answers["a"].value == "one two three"


def test_an_error_that_ends_a_run_loses_no_reply_that_was_paid_for(tmp_path: Path) -> None:
    """One request is bad while 31 are under way: all of them are answered, later than that, and kept; no other is sent."""

    async def slow(number: int) -> web.Response:
        await asyncio.sleep(0.3 + 0.01 * (number % 7))
        return ok("x")

    def script(request: web.Request, body: dict[str, Any], number: int) -> Any:
        return failed(400, "bad") if body["messages"][1]["content"][0]["text"] == "9" else slow(number)

    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(200)}
    server = Server(script)
    with serve(server.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="1 of 200 requests failed, 0 may"):
            client.complete(requests, accept, endpoint(url, concurrency=32), store, max_failures=0)
        assert len(server.bodies) <= 33 and len(store) == len(server.bodies) - 1


def test_what_a_model_declines_is_no_failure_of_the_server(tmp_path: Path) -> None:
    refuse = ok(None, refusal="I can't do that").text
    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(20)}
    script = lambda request, body, number: web.json_response(text=refuse)  # noqa: E731
    _, answers, failures = complete(script, tmp_path, requests, max_failures=0)
    assert answers == {} and len(failures) == 20


def test_rejected_replies_are_never_asked_again(tmp_path: Path) -> None:
    server, _, failures = complete(lambda request, body, number: ok(""), tmp_path)
    assert len(server.bodies) == 3 and failures["a"].rejected == ("empty",) * 3
    server, _, again = complete(lambda request, body, number: ok("x"), tmp_path)
    assert server.bodies == [] and again == failures


@pytest.mark.parametrize(("status", "word"), [(401, "OPENAI_API_KEY"), (403, "permissions"), (404, "base_url")])
def test_what_no_retry_can_cure_ends_at_once_and_names_the_remedy_not_the_key(tmp_path: Path, status: int, word: str) -> None:
    server = Server(lambda request, body, number: failed(status, f"Incorrect API key provided: {KEY}"))
    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(50)}
    with serve(server.app) as url, Store(tmp_path) as store, pytest.raises(EndpointError) as error:
        client.complete(requests, accept, endpoint(url), store)
    assert word in str(error.value) and f"HTTP {status}" in str(error.value)
    assert KEY not in str(error.value) and KEY not in repr(endpoint(url))
    assert len(server.bodies) <= 4
    assert KEY not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_spent_quota_ends_at_once(tmp_path: Path) -> None:
    body = {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}}
    with pytest.raises(EndpointError, match="quota is spent"):
        complete(lambda request, asked, number: web.json_response(body, status=429), tmp_path)


def test_a_bad_request_fails_alone_and_too_many_failures_end_the_run(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        question = body["messages"][1]["content"][0]["text"]
        return failed(400, f"no {question}") if question.startswith("bad") else ok(question)

    requests = {name: ChatRequest("s", name, "v") for name in ("good 1", "bad 1", "good 2", "bad 2")}
    server, answers, failures = complete(script, tmp_path / "a", requests)
    assert list(answers) == ["good 1", "good 2"] and list(failures) == ["bad 1", "bad 2"]
    assert failures["bad 1"].reason == "HTTP 400: no bad 1"
    assert len(server.bodies) == 4
    with pytest.raises(EndpointError, match="2 of 4 requests failed, 1 may"):
        complete(script, tmp_path / "b", requests, max_failures=1)


def test_a_server_that_echoes_the_key_does_not_get_it_into_the_store(tmp_path: Path) -> None:
    _, answers, _ = complete(lambda request, body, number: ok(f"I know {request.headers['Authorization']}"), tmp_path)
    assert answers["a"].value == "I know Bearer ***"


def test_no_server_at_all_is_a_connection_error(tmp_path: Path) -> None:
    with serve(web.Application()) as url:
        pass
    with Store(tmp_path) as store:
        _, failures = client.complete({"a": REQUEST}, accept, endpoint(url), store)
    assert failures["a"].rejected == ("connection",) * 3


def test_never_more_than_concurrency_at_once_images_are_read_late_and_order_is_kept(tmp_path: Path) -> None:
    now = most = 0
    loaded: list[int] = []

    async def slow(body: dict[str, Any]) -> web.Response:
        nonlocal now, most
        now += 1
        most = max(most, now)
        assert len(loaded) <= len(server_done) + 3
        await asyncio.sleep(0.02)
        now -= 1
        server_done.append(1)
        return ok(body["messages"][1]["content"][-1]["text"])

    server_done: list[int] = []
    requests = {
        f"{number:02d}": ChatRequest("s", str(number), "v", lambda number=number: loaded.append(number) or b"x", str(number))
        for number in range(20)
    }
    _, answers, _ = complete(lambda request, body, number: slow(body), tmp_path, requests, concurrency=3)
    assert most == 3 and len(loaded) == 20
    assert [answer.value for answer in answers.values()] == [str(number) for number in range(20)]
    assert list(answers) == list(requests)


def test_the_same_question_under_two_names_is_asked_once(tmp_path: Path) -> None:
    async def slow() -> web.Response:
        await asyncio.sleep(0.05)
        return ok("x")

    server, answers, _ = complete(lambda request, body, number: slow(), tmp_path, {"a": REQUEST, "b": REQUEST, "c": REQUEST})
    assert len(server.bodies) == 1 and len(answers) == 3


def test_a_key_hashes_all_that_determines_a_reply_and_nothing_else() -> None:
    base, image = endpoint("http://one/v1"), ChatRequest("s", "u", "v", lambda: b"", "pixels")
    keys = [types.request_key(dataclasses.replace(base, **{name: value}), image, 0) for name, value in
            {"model": "n", "max_tokens": 51, "temperature": 0.6, "seed": 101}.items()]  # fmt: skip
    keys += [types.request_key(base, dataclasses.replace(image, **{name: value}), 0) for name, value in
             {"system": "t", "user": "v", "image_sha256": "others"}.items()]  # fmt: skip
    keys.append(types.request_key(base, ChatRequest("s", "u", "v"), 0))
    first = types.request_key(base, image, 0)
    assert len({first, *keys}) == 9
    assert types.request_key(base, image, 1) == keys[3]  # an attempt is nothing but another seed
    for change in ({"base_url": "http://two/v1"}, {"api_key": "other"}, {"concurrency": 1}, {"timeout_s": 1.0}, {"attempts": 9}):
        assert types.request_key(dataclasses.replace(base, **change), image, 0) == first


def test_ctrl_c_ends_within_a_second_and_keeps_what_was_received(tmp_path: Path) -> None:
    count = threading.Semaphore(0)

    async def answer() -> web.Response:
        await asyncio.sleep(0.02)
        count.release()
        return ok("x")

    program = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with Ctrl-C switched off
sys.path.insert(0, {os.fspath(Path(__file__).parents[2])!r})
from pathlib import Path
from fasrepro.llm.client import ChatRequest, Endpoint, complete
from fasrepro.llm.store import Store
requests = {{str(n): ChatRequest("s", str(n), "v") for n in range(100000)}}
with Store(Path(sys.argv[2])) as store:
    complete(requests, lambda name, reply: reply.text, Endpoint(sys.argv[1], "k", "m", 4, 3, 5.0, 50, 0.5, 100), store)
"""
    with serve(Server(lambda request, body, number: answer()).app) as url:
        child = subprocess.Popen([sys.executable, "-c", program, url, str(tmp_path)], stderr=subprocess.PIPE, text=True)
        for _ in range(30):
            assert count.acquire(timeout=20)
        began = time.monotonic()
        child.send_signal(signal.SIGINT)
        _, errors = child.communicate(timeout=10)
    assert time.monotonic() - began < 3
    assert child.returncode == -signal.SIGINT and errors.rstrip().endswith("KeyboardInterrupt")
    assert "never retrieved" not in errors and "was destroyed" not in errors
    with Store(tmp_path) as store:
        assert len(store) >= 26 and store.torn == 0
