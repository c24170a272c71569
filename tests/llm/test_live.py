"""Many questions asked live, of real servers on loopback that fail in the ways that servers fail."""

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

from fasrepro.llm import capabilities, client, live, types
from fasrepro.llm.store import Store
from fasrepro.llm.types import Answer, ChatRequest, EndpointError, Failure
from fasrepro.simulation.annotator.server import serve
from tests.llm.chat_server import (
    KEY,
    REQUEST,
    Script,
    Server,
    accept,
    completion,
    cut_connection,
    dripping,
    endpoint,
    failed,
    half_a_reply,
    odd,
    ok,
    stall,
)

# Asks a hundred thousand questions of the server that it is given.
PROGRAM = f"""
import signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have started us with Ctrl-C switched off
sys.path.insert(0, {os.fspath(Path(__file__).parents[2])!r})
from pathlib import Path
from fasrepro.llm.live import complete
from fasrepro.llm.store import Store
from fasrepro.llm.types import ChatRequest, Endpoint
requests = {{str(n): ChatRequest("s", str(n), "v") for n in range(100000)}}
with Store(Path(sys.argv[2])) as store:
    complete(requests, lambda name, reply: reply.text, Endpoint(sys.argv[1], "k", "m", 4, 3, 5.0, 50, 0.5, 100), store)
"""


def complete(
    script: Script, folder: Path, requests: dict[str, ChatRequest] | None = None, max_failures: int | None = None, **changes: Any
) -> tuple[Server, dict[str, Answer[str]], dict[str, Failure]]:
    server = Server(script)
    with serve(server.app) as url, Store(folder) as store:
        answers, failures = live.complete(
            requests or {"a": REQUEST}, accept, endpoint(url, **changes), store, max_failures=max_failures
        )
    assert KEY not in "".join(path.read_text() for path in folder.rglob("*") if path.is_file())
    return server, answers, failures


def test_a_request_follows_the_chat_api(tmp_path: Path) -> None:
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
def test_a_failure_uses_up_one_attempt_and_the_next_has_another_seed(
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
def test_retry_after_holds_back_all_requests(tmp_path: Path, date: bool) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if number:
            return ok("x")
        after = email.utils.formatdate(time.time() + 2, usegmt=True) if date else "1"
        return failed(429, **{"Retry-After": after})

    requests = {str(number): ChatRequest("s", f"question {number}", "v") for number in range(3)}
    server, answers, _ = complete(script, tmp_path, requests, concurrency=1)
    assert len(answers) == 3
    assert server.times[1] - server.times[0] >= 0.95


def test_a_throttled_request_is_repeated_unchanged_and_is_no_attempt(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return failed(429) if number < 3 else failed(503, **{"Retry-After": "0.01"}) if number == 3 else ok("x")

    server, answers, _ = complete(script, tmp_path)
    assert (answers["a"].attempts, answers["a"].rejected) == (1, ())
    assert [body["seed"] for body in server.bodies] == [100] * 5
    gaps = [later - earlier for earlier, later in zip(server.times, server.times[1:], strict=False)]
    assert gaps[0] >= 0.01 and gaps[2] >= 0.04  # without a Retry-After each wait is twice the last


def test_endless_throttling_uses_up_the_attempts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(live, "MAX_THROTTLES", 2)
    monkeypatch.setattr(client, "LONGEST_BACKOFF_S", 0.01)
    server, _, failures = complete(lambda request, body, number: failed(429), tmp_path)
    assert failures["a"].rejected == ("HTTP 429",) * 3
    assert [body["seed"] for body in server.bodies] == [100] * 3 + [101] * 3 + [102] * 3


def test_a_refused_prompt_is_repeated_then_its_fallbacks_are_asked(tmp_path: Path) -> None:
    def refusing(until: int) -> Script:
        refuse = ok(None, refusal="I can't do that")
        return lambda request, body, number: ok("fine") if number == until else web.json_response(text=refuse.text)

    request = ChatRequest("s", "one", "v-1", fallbacks=(ChatRequest("s", "two", "v-2"), ChatRequest("s", "three", "v-3")))
    server, answers, _ = complete(refusing(4), tmp_path / "a", {"a": request}, attempts=9)
    assert [body["messages"][1]["content"][0]["text"] for body in server.bodies] == ["one", "one", "two", "two", "three"]
    assert [body["seed"] for body in server.bodies] == [100, 101, 102, 103, 104]
    assert (answers["a"].prompt_version, answers["a"].rejected) == ("v-3", ("refusal",) * 4)

    server, _, failures = complete(refusing(99), tmp_path / "b", {"a": request}, attempts=9)
    assert len(server.bodies) == 6 and failures["a"].rejected == ("refusal",) * 6
    server, _, failures = complete(refusing(99), tmp_path / "c", {"a": request}, attempts=5)
    assert len(server.bodies) == 5  # attempts bound them all


def test_json_is_requested_only_from_a_server_that_supports_it(tmp_path: Path) -> None:
    request = dataclasses.replace(REQUEST, schema={"type": "object"})
    plain, _, _ = complete(lambda request, body, number: ok("x"), tmp_path, {"a": request})
    assert "response_format" not in plain.bodies[0]
    again, answers, _ = complete(lambda request, body, number: ok("y"), tmp_path, {"a": request}, probe=True)
    assert again.bodies == [] and answers["a"].value == "x"  # not even a probe: nothing is to be asked
    other = {"b": dataclasses.replace(request, user="another question")}
    script = lambda request, body, number: ok('{"colour": "red"}')  # noqa: E731
    probed, _, _ = complete(script, tmp_path, other, probe=True)
    assert probed.bodies[-1]["response_format"]["json_schema"]["schema"] == {"type": "object"}


def test_a_model_without_vision_is_an_error_before_an_image_is_sent(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        images = any(part["type"] == "image_url" for part in body["messages"][-1]["content"])
        return failed(400, "image input is not supported") if images else ok("red")

    request = dataclasses.replace(REQUEST, image=lambda: pytest.fail("read"), image_sha256="pixels")
    with pytest.raises(EndpointError, match="model 'm': takes no images; name a vision model"):
        complete(script, tmp_path, {"a": dataclasses.replace(request, image=lambda: b"png")}, probe=True)


def test_a_later_run_repeats_attempts_that_failed_in_an_outage(tmp_path: Path) -> None:
    server, answers, failures = complete(lambda request, body, number: failed(500, "out of order"), tmp_path)
    assert len(server.bodies) == 3 and answers == {}
    assert failures["a"].rejected == ("HTTP 500",) * 3 and "out of order" in failures["a"].reason
    server, answers, failures = complete(lambda request, body, number: ok("back"), tmp_path)
    assert len(server.bodies) == 1 and failures == {}
    assert answers["a"].value == "back"


def test_a_text_in_parts_is_joined(tmp_path: Path) -> None:
    parts = [{"type": "text", "text": "one "}, "two", {"type": "image"}, {"type": "text", "text": " three"}]
    _, answers, _ = complete(lambda request, body, number: ok(parts), tmp_path)  # type: ignore[arg-type]
    assert answers["a"].value == "one two three"


def test_an_error_that_ends_a_run_loses_no_paid_reply(tmp_path: Path) -> None:
    """One request is bad while 31 are in flight: those are answered later and kept, and no other is sent."""

    async def slow(number: int) -> web.Response:
        await asyncio.sleep(0.3 + 0.01 * (number % 7))
        return ok("x")

    def script(request: web.Request, body: dict[str, Any], number: int) -> Any:
        return failed(400, "bad") if body["messages"][1]["content"][0]["text"] == "9" else slow(number)

    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(200)}
    server = Server(script)
    with serve(server.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="1 of 200 requests failed, 0 may"):
            live.complete(requests, accept, endpoint(url, concurrency=32), store, max_failures=0)
        assert len(server.bodies) <= 33 and len(store) == len(server.bodies) - 1


def test_refusals_do_not_count_as_failures_of_the_server(tmp_path: Path) -> None:
    refuse = ok(None, refusal="I can't do that").text
    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(20)}
    script = lambda request, body, number: web.json_response(text=refuse)  # noqa: E731
    _, answers, failures = complete(script, tmp_path, requests, max_failures=0)
    assert answers == {} and len(failures) == 20


def test_rejected_replies_are_not_asked_again_by_a_later_run(tmp_path: Path) -> None:
    server, _, failures = complete(lambda request, body, number: ok(""), tmp_path)
    assert len(server.bodies) == 3 and failures["a"].rejected == ("empty",) * 3
    server, _, again = complete(lambda request, body, number: ok("x"), tmp_path)
    assert server.bodies == [] and again == failures


@pytest.mark.parametrize(("status", "word"), [(401, "OPENAI_API_KEY"), (403, "permissions"), (404, "base_url")])
def test_an_account_error_ends_the_run_and_does_not_show_the_key(tmp_path: Path, status: int, word: str) -> None:
    server = Server(lambda request, body, number: failed(status, f"Incorrect API key provided: {KEY}"))
    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(50)}
    with serve(server.app) as url, Store(tmp_path) as store, pytest.raises(EndpointError) as error:
        live.complete(requests, accept, endpoint(url), store)
    assert word in str(error.value) and f"HTTP {status}" in str(error.value)
    assert KEY not in str(error.value) and KEY not in repr(endpoint(url))
    assert len(server.bodies) <= 5  # after an HTTP 403, one harmless question is asked
    assert KEY not in "".join(path.read_text() for path in tmp_path.iterdir())


def test_a_spent_quota_ends_the_run(tmp_path: Path) -> None:
    body = {"error": {"message": "You exceeded your current quota", "type": "insufficient_quota", "code": "insufficient_quota"}}
    with pytest.raises(EndpointError, match="quota is spent"):
        complete(lambda request, asked, number: web.json_response(body, status=429), tmp_path)


def test_one_bad_request_fails_alone_and_too_many_end_the_run(tmp_path: Path) -> None:
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


def test_an_echoed_key_does_not_reach_the_store(tmp_path: Path) -> None:
    _, answers, _ = complete(lambda request, body, number: ok(f"I know {request.headers['Authorization']}"), tmp_path)
    assert answers["a"].value == "I know Bearer ***"


def test_a_missing_server_is_a_connection_error(tmp_path: Path) -> None:
    with serve(web.Application()) as url:
        pass
    with Store(tmp_path) as store:
        _, failures = live.complete({"a": REQUEST}, accept, endpoint(url), store)
    assert failures["a"].rejected == ("connection",) * 3


def test_concurrency_is_bounded_images_load_late_and_order_is_kept(tmp_path: Path) -> None:
    running = peak = 0
    loaded: list[int] = []

    async def slow(body: dict[str, Any]) -> web.Response:
        nonlocal running, peak
        running += 1
        peak = max(peak, running)
        assert len(loaded) <= len(server_done) + 3
        await asyncio.sleep(0.02)
        running -= 1
        server_done.append(1)
        return ok(body["messages"][1]["content"][-1]["text"])

    server_done: list[int] = []
    requests = {
        f"{number:02d}": ChatRequest("s", str(number), "v", lambda number=number: loaded.append(number) or b"x", str(number))
        for number in range(20)
    }
    _, answers, _ = complete(lambda request, body, number: slow(body), tmp_path, requests, concurrency=3)
    assert peak == 3 and len(loaded) == 20
    assert [answer.value for answer in answers.values()] == [str(number) for number in range(20)]
    assert list(answers) == list(requests)


def test_the_same_question_under_several_names_is_asked_once(tmp_path: Path) -> None:
    async def slow() -> web.Response:
        await asyncio.sleep(0.05)
        return ok("x")

    server, answers, _ = complete(lambda request, body, number: slow(), tmp_path, {"a": REQUEST, "b": REQUEST, "c": REQUEST})
    assert len(server.bodies) == 1 and len(answers) == 3


def interrupt(folder: Path, received: int, signal_number: int) -> tuple[int, str, float]:
    """Signal a run once it has received so many replies; return its exit code, what it printed, and the seconds to its end."""
    count = threading.Semaphore(0)

    async def answer() -> web.Response:
        await asyncio.sleep(0.02)
        count.release()
        return ok("x")

    with serve(Server(lambda request, body, number: answer()).app) as url:
        child = subprocess.Popen([sys.executable, "-c", PROGRAM, url, str(folder)], stderr=subprocess.PIPE, text=True)
        for _ in range(received):
            assert count.acquire(timeout=60)
        began = time.monotonic()
        child.send_signal(signal_number)
        _, errors = child.communicate(timeout=30)
    return child.returncode, errors, time.monotonic() - began


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM], ids=["ctrl-c", "terminated"])
def test_an_interrupted_process_ends_soon_and_keeps_what_was_received(tmp_path: Path, signal_number: int) -> None:
    code, errors, seconds = interrupt(tmp_path, 30, signal_number)
    assert code == -signal.SIGINT and errors.rstrip().endswith("KeyboardInterrupt") and seconds < 10  # of minutes
    assert "never retrieved" not in errors and "was destroyed" not in errors
    with Store(tmp_path) as store:
        assert len(store) >= 26 and store.torn == 0


def flagged(status: int, **fields: Any) -> web.Response:
    error = {"message": "Your input was flagged for: violence", "code": status, **fields}
    return web.json_response({"error": error}, status=status)


@pytest.mark.parametrize("status", [403, 400, 422])
def test_a_flagged_question_is_a_refusal_and_its_fallback_is_asked(tmp_path: Path, status: int) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return flagged(status) if body["messages"][1]["content"][0]["text"] == "one" else ok("fine")

    request = ChatRequest("s", "one", "v-1", fallbacks=(ChatRequest("s", "two", "v-2"),))
    _, answers, failures = complete(script, tmp_path, {"a": request}, attempts=5)
    assert failures == {} and (answers["a"].prompt_version, answers["a"].rejected) == ("v-2", ("refusal",) * 2)


@pytest.mark.parametrize("status", [403, 413, 400])
@pytest.mark.parametrize("bad", [0, 20])
def test_one_forbidden_question_fails_alone(tmp_path: Path, status: int, bad: int) -> None:
    """Also the first of all, before any other was answered."""

    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return failed(status, "not this one") if body["messages"][-1]["content"][0]["text"] == str(bad) else ok("x")

    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(40)}
    server, answers, failures = complete(script, tmp_path, requests, max_failures=1)
    assert len(answers) == 39 and failures[str(bad)].reason == f"HTTP {status}: not this one"
    assert len(server.bodies) == 40 + (status == 403)
    with Store(tmp_path) as store:
        key = types.request_key(endpoint(""), requests[str(bad)], 0)
        assert store.final_error(key) == f"HTTP {status}: not this one"
    again, answers, _ = complete(lambda request, body, number: ok("x"), tmp_path, requests)
    assert len(again.bodies) == 1 and answers[str(bad)].attempts == 1  # once its cause is mended, it is the first attempt


def test_an_account_that_loses_its_rights_ends_the_run(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        is_check = body["messages"][-1]["content"][0]["text"] == capabilities.JSON_QUESTION
        return ok("x") if number < 5 or is_check else failed(403, "no")

    requests = {str(number): ChatRequest("s", str(number), "v") for number in range(200)}
    server = Server(script)
    with serve(server.app) as url, Store(tmp_path) as store, pytest.raises(EndpointError, match="permissions"):
        live.complete(requests, accept, endpoint(url), store)
    assert len(server.bodies) < 5 + 2 * live.MAX_DENIED + 8


@pytest.mark.parametrize(
    ("body", "words", "rejected"),
    [
        ({"error": {"message": "upstream is down", "code": 502}}, "error body: upstream is down", 3),
        ({"error": {"message": "the image is too odd", "code": 400}}, "error body: the image is too odd", 1),
        ({"error": "out of memory"}, "error body: out of memory", 3),
        ([{"error": {"message": "in a list"}}], "error body: in a list", 3),
        ({"error": {"message": "flagged by moderation", "code": 403}}, "refusal: flagged by moderation", 2),
    ],
)
def test_an_error_with_a_good_status_keeps_its_words(tmp_path: Path, body: Any, words: str, rejected: int) -> None:
    _, _, failures = complete(lambda request, asked, number: web.json_response(body), tmp_path)
    assert failures["a"].reason == words and len(failures["a"].rejected) == rejected


def test_an_account_error_with_a_good_status_ends_the_run(tmp_path: Path) -> None:
    body = {"error": {"message": f"no such key {KEY}", "code": 401}}
    with pytest.raises(EndpointError, match="OPENAI_API_KEY is missing or not valid") as error:
        complete(lambda request, asked, number: web.json_response(body), tmp_path)
    assert KEY not in str(error.value)


def test_a_deeply_nested_answer_fails_one_attempt(tmp_path: Path) -> None:
    deep = web.Response(text="[" * 100_000, content_type="application/json")

    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return web.Response(text=deep.text, content_type="application/json") if number == 0 else ok("x")

    _, answers, _ = complete(script, tmp_path)
    assert answers["a"].rejected == ("bad answer",)


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_no_redirect_is_followed(tmp_path: Path, status: int) -> None:
    elsewhere = Server(lambda request, body, number: ok("x"))
    with serve(elsewhere.app) as other:
        target = f"{other}/chat/completions?key=secret"
        script = lambda request, body, number: web.Response(status=status, headers={"Location": target})  # noqa: E731
        with pytest.raises(EndpointError, match=r"redirects to http://127.* faces are sent to annotator.base_url alone") as error:
            complete(script, tmp_path)
    assert elsewhere.bodies == [] and "secret" not in str(error.value)


def test_a_key_echoed_in_any_field_does_not_reach_the_store(tmp_path: Path) -> None:
    echo = completion("x", finish_reason=f"stop {KEY}") | {"model": f"m-{KEY}", "system_fingerprint": f"fp {KEY}"}
    complete(lambda request, body, number: web.json_response(echo), tmp_path)
    with Store(tmp_path) as store:
        record = store.get(types.request_key(endpoint(""), REQUEST, 0))
    assert (record["finish_reason"], record["served"], record["revision"]) == ("stop ***", "m-***", "fp ***")


def test_an_image_quoted_in_an_error_is_not_kept(tmp_path: Path) -> None:
    quoted = [{"loc": ["body", "messages"], "msg": "too large", "input": "data:image/png;base64," + "iVBORw0KGgo" * 40}]
    _, _, failures = complete(lambda request, body, number: web.json_response({"detail": quoted}, status=422), tmp_path)
    assert "too large" in failures["a"].reason and "iVBOR" not in failures["a"].reason
