"""Batches against a loopback server: split, sent, lost, expired, collected, and mixed with live questions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import filelock
import pytest
from aiohttp import web

from fasrepro.llm import batch, batch_journal, budget, live, pricing, types
from fasrepro.llm.attempts import replay
from fasrepro.llm.batch import BatchLimits
from fasrepro.llm.store import RequestGroup, Store
from fasrepro.llm.types import ChatRequest, EndpointError
from fasrepro.simulation.annotator.server import serve
from tests.llm.batch_server import EXPIRED, BatchServer, completed, refused
from tests.llm.chat_server import KEY, Server, accept, endpoint, ok

REQUESTS = {f"{number:02d}": ChatRequest("s", f"question {number}", "v") for number in range(10)}


def question(body: dict[str, Any]) -> str:
    return body["messages"][1]["content"][0]["text"]


def echo(body: dict[str, Any]) -> dict[str, Any]:
    return completed(f"answer to {question(body)} with {body['seed']}", "the same id every time")


def run(server: BatchServer, folder: Path, requests: dict[str, ChatRequest] = REQUESTS, **changes: Any) -> Any:
    limits = changes.pop("limits", batch.PUBLISHED_LIMITS)
    lines: list[str] = []
    with server.serving() as url, Store(folder) as store:
        answers, failures = batch.complete(requests, accept, endpoint(url, **changes), store, lines.append, 0.0, limits)
    assert KEY not in "".join(path.read_text() for path in folder.iterdir()) + "".join(lines)
    return answers, failures, lines


def test_replies_are_matched_by_custom_id_in_any_order(tmp_path: Path) -> None:
    server = BatchServer(echo)
    answers, failures, lines = run(server, tmp_path)
    assert failures == {} and list(answers) == list(REQUESTS)
    assert {name: answer.value for name, answer in answers.items()} == {
        f"{number:02d}": f"answer to question {number} with 100" for number in range(10)
    }
    assert server.keys == {f"Bearer {KEY}"} and len(server.batches) == 1
    assert lines == [
        "batch batch_0: 10 requests sent to this machine",
        "batch batch_0: validating, 0 of 10 done",
        "batch batch_0: completed",
    ]
    assert not (tmp_path / "batch.jsonl").exists()

    again, _, _ = run(server, tmp_path)
    assert again == answers and len(server.batches) == 1  # what is in the store is never asked again
    chat = Server(lambda request, body, number: ok("never"))
    with serve(chat.app) as url, Store(tmp_path) as store:
        assert live.complete(REQUESTS, accept, endpoint(url), store)[0] == answers
        assert store.usage()[RequestGroup("m", "v", batch=True)].prompt_tokens == 100
    assert chat.bodies == []


@pytest.mark.parametrize(
    ("limits", "sizes"),
    [(BatchLimits(4), [4, 4, 2]), (BatchLimits(100, 700), [2] * 5), (BatchLimits(100, 1), [1] * 10)],
)
def test_a_batch_holds_no_more_than_its_limits(tmp_path: Path, limits: BatchLimits, sizes: list[int]) -> None:
    server = BatchServer(echo)
    answers, _, _ = run(server, tmp_path, limits=limits)
    assert len(answers) == 10 and [len(lines) for lines in server.seen] == sizes
    if limits.bytes > 1:
        assert all(sum(len(json.dumps(line)) + 1 for line in lines) <= limits.bytes for lines in server.seen)


def test_failed_requests_count_as_attempts_and_expired_ones_are_repeated(tmp_path: Path) -> None:
    seen: dict[str, int] = {}

    def answer(body: dict[str, Any]) -> dict[str, Any] | None:
        name = question(body)
        seen[name] = seen.get(name, 0) + 1
        if seen[name] > 1:
            return echo(body)
        faults = {"question 0": EXPIRED, "question 1": None, "question 2": refused(500, f"oh {KEY}"), "question 3": completed("")}
        return faults.get(name, echo(body))

    server = BatchServer(answer)
    answers, failures, _ = run(server, tmp_path)
    assert failures == {} and len(server.batches) == 2
    assert [(line["body"]["seed"], question(line["body"])) for line in server.seen[1]] == [
        (100, "question 0"),
        (100, "question 1"),
        (101, "question 2"),
        (101, "question 3"),
    ]
    assert answers["02"].rejected == ("HTTP 500",) and answers["03"].rejected == ("empty",) and answers["00"].attempts == 1


def test_an_expired_batch_is_repeated_until_three_bring_nothing(tmp_path: Path) -> None:
    server = BatchServer(echo, statuses={0: "expired"})
    answers, _, _ = run(server, tmp_path / "a")
    assert len(answers) == 10 and len(server.batches) == 2
    server = BatchServer(echo, statuses=dict.fromkeys(range(9), "expired"))
    with pytest.raises(EndpointError, match="3 batches in a row brought no reply"):
        run(server, tmp_path / "b")
    assert len(server.batches) == 3


def test_a_batch_that_is_not_accepted_says_why_and_can_be_repeated(tmp_path: Path) -> None:
    server = BatchServer(echo, statuses={0: "failed"})
    with pytest.raises(EndpointError, match="batch batch_0 was not accepted: line 1 is odd"):
        run(server, tmp_path)
    answers, _, _ = run(server, tmp_path)
    assert len(answers) == 10 and len(server.batches) == 2


@pytest.mark.parametrize("after", ["planned", "created", "noted", "half collected"])
def test_a_killed_process_pays_for_no_batch_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
    class Killed(BaseException):
        pass

    server = BatchServer(echo)
    with monkeypatch.context() as patch:
        note, append, count = batch_journal.note, Store.append, 0

        def noting(folder: Path, token: str, **fields: Any) -> None:
            if after == "created" and "id" in fields:
                raise Killed
            note(folder, token, **fields)
            if (after == "planned" and "requests" in fields) or (after == "noted" and "id" in fields):
                raise Killed

        def appending(self: Store, record: dict[str, Any]) -> None:
            nonlocal count
            count += 1
            if after == "half collected" and count == 5:
                raise Killed
            append(self, record)

        patch.setattr(batch_journal, "note", noting)
        patch.setattr(Store, "append", appending)
        with pytest.raises(Killed):
            run(server, tmp_path)
    assert len(batch_journal.batches(tmp_path)) == 1
    answers, failures, _ = run(server, tmp_path)
    assert len(answers) == 10 and failures == {} and len(server.batches) == 1
    assert batch_journal.batches(tmp_path) == []
    with Store(tmp_path) as store:
        assert len(store) == 10 == len((tmp_path / "replies.jsonl").read_text().splitlines())


def test_a_request_in_a_batch_elsewhere_is_not_asked_again(tmp_path: Path) -> None:
    there = endpoint("http://127.0.0.1:1/v1")
    key = types.request_key(there, REQUESTS["03"], 0)
    batch_journal.note_planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "m", {key: {"most": {}}}))
    chat = Server(lambda request, body, number: ok("x"))
    with serve(chat.app) as url, Store(tmp_path) as store:
        message = r"already in a batch at elsewhere\.example: .* `fasrepro annotate --batch` collects it"
        with pytest.raises(EndpointError, match=message):
            live.complete({"03": REQUESTS["03"]}, accept, endpoint(url), store)
        with pytest.raises(EndpointError, match=message):  # nor in another batch
            batch.complete({"03": REQUESTS["03"]}, accept, endpoint(url), store)
        assert len(live.complete({"04": REQUESTS["04"]}, accept, endpoint(url), store)[0]) == 1


def test_each_port_is_a_server_of_its_own(tmp_path: Path) -> None:
    first, second = BatchServer(echo, polls=0), BatchServer(echo)
    with first.serving() as url, Store(tmp_path) as store:
        pending = [replay(name, REQUESTS[name], endpoint(url), store, accept, store.error) for name in REQUESTS]
        batch.send(pending, endpoint(url), types.Capabilities(), store, print, batch.PUBLISHED_LIMITS)
    with pytest.raises(EndpointError, match=rf"already in a batch at http://127\.0\.0\.1:{first.port}/v1: with"):
        run(second, tmp_path)
    assert second.polled == {} and second.batches == []
    assert len(run(first, tmp_path)[0]) == 10 and len(first.batches) == 1


def test_a_batch_of_an_older_journal_is_known_by_its_host(tmp_path: Path) -> None:
    line = {"token": "old", "host": "this machine", "model": "m", "requests": {}}
    (tmp_path / batch_journal.FILE).write_text(json.dumps(line) + "\n")
    (kept,) = batch_journal.batches(tmp_path)
    assert batch_journal.is_at(kept, "http://127.0.0.1:8000/v1") and batch_journal.is_at(kept, "http://localhost:9/v1")
    assert not batch_journal.is_at(kept, "https://elsewhere.example/v1")


@pytest.mark.parametrize(
    "base_url", ["https://a.example/v1", "https://a.example/v1/", "https://me:secret@a.example/v1?key=secret"]
)
def test_a_journal_notes_where_a_batch_is_without_any_secret(base_url: str) -> None:
    sent = batch_journal.Batch("t", "a.example", "m", {}, url=batch_journal.server_url(base_url))
    assert sent.url == "https://a.example/v1" and batch_journal.is_at(sent, base_url)
    assert not batch_journal.is_at(sent, "https://a.example:8443/v1") and not batch_journal.is_at(sent, "https://a.example/v2")


def test_a_torn_line_of_the_journal_is_skipped(tmp_path: Path) -> None:
    batch_journal.note_planned(tmp_path, batch_journal.Batch("one", "h", "m", {"k": {}}))
    with (tmp_path / batch_journal.FILE).open("a") as file:
        file.write('{"token": "two", "requ')
    batch_journal.note(tmp_path, "one", id="batch_7")
    assert [(kept.token, kept.id) for kept in batch_journal.batches(tmp_path)] == [("one", "batch_7")]
    with Store(tmp_path) as store:
        assert {key: kept.host for key, kept in budget.BatchesInFlight(store).by_key().items()} == {"k": "h"}


def test_a_batch_is_no_larger_than_the_budget(tmp_path: Path) -> None:
    server = BatchServer(echo)
    price = pricing.required_price("gpt-4o", local=True)
    one = price.cost(**pricing.max_usage(price, REQUESTS["00"], None, 50), batch=True)
    with pytest.raises(budget.BudgetError, match="`fasrepro annotate --batch` goes on from there"):
        run(server, tmp_path, model="gpt-4o", budget_usd=2.1 * one)
    assert len(server.seen[0]) == 2  # more at last, since replies cost less than they may
    sent = sum(len(lines) for lines in server.seen)
    assert 2 < sent < 10
    answers, _, _ = run(server, tmp_path, model="gpt-4o", budget_usd=20 * one)
    assert len(answers) == 10 and sum(len(lines) for lines in server.seen) == 10


def test_a_server_without_batches_leaves_no_trace(tmp_path: Path) -> None:
    chat = Server(lambda request, body, number: ok("x"))
    with serve(chat.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="HTTP 404"):
            batch.complete(REQUESTS, accept, endpoint(url), store)
        assert not (tmp_path / "batch.jsonl").exists() and batch_journal.batches(tmp_path) == []
        assert len(live.complete(REQUESTS, accept, endpoint(url), store)[0]) == 10


@pytest.mark.parametrize(("status", "left"), [(400, 0), (429, 1), (500, 1)])
def test_a_refused_batch_is_forgotten_and_a_doubtful_one_is_kept(tmp_path: Path, status: int, left: int) -> None:
    server = BatchServer(echo)
    server.refuses = status
    with pytest.raises(EndpointError, match=f"HTTP {status}"):
        run(server, tmp_path)
    assert len(batch_journal.batches(tmp_path)) == left == len(server.files)
    server.refuses = 0
    answers, _, _ = run(server, tmp_path)
    assert len(answers) == 10 and batch_journal.batches(tmp_path) == []


@pytest.mark.parametrize("lost", ["batch", "file"])
def test_a_batch_that_the_server_does_not_know_is_kept(tmp_path: Path, lost: str) -> None:
    server = BatchServer(echo)
    with server.serving() as url, Store(tmp_path) as store:
        pending = [replay(name, REQUESTS[name], endpoint(url), store, accept, store.error) for name in REQUESTS]
        batch.send(pending, endpoint(url), types.Capabilities(), store, print, BatchLimits(100))
    server.gone.add("batch_0" if lost == "batch" else "out-0-output_file_id")
    for _ in range(2):  # by another key the server would not know it either: it is neither given up nor paid for again
        with pytest.raises(
            EndpointError, match=r"does not know batch batch_0, or its files: .* delete the lines with \w{32} from"
        ):
            run(server, tmp_path)
    assert len(server.batches) == 1
    server.gone.clear()
    answers, _, _ = run(server, tmp_path)
    assert len(answers) == 10 and len(server.batches) == 1


def test_one_unknown_batch_does_not_block_the_others(tmp_path: Path) -> None:
    server = BatchServer(echo)
    with server.serving() as url, Store(tmp_path) as store:
        pending = [replay(name, REQUESTS[name], endpoint(url), store, accept, store.error) for name in REQUESTS]
        batch.send(pending, endpoint(url), types.Capabilities(), store, print, BatchLimits(4))
    server.gone.add("batch_0")
    with pytest.raises(EndpointError, match="does not know batch batch_0"):
        run(server, tmp_path)
    with Store(tmp_path) as store:
        assert len(store) == 6
    assert [kept.id for kept in batch_journal.batches(tmp_path)] == ["batch_0"]


def test_a_batch_is_not_sought_in_another_account(tmp_path: Path) -> None:
    server = BatchServer(echo)
    server.refuses = 500  # and may have made it
    with pytest.raises(EndpointError, match="HTTP 500"):
        run(server, tmp_path)
    server.refuses, kept = 0, server.files.copy()
    server.files.clear()
    with pytest.raises(EndpointError, match="does not know batch"):
        run(server, tmp_path)
    assert server.batches == []
    server.files |= kept
    assert len(run(server, tmp_path)[0]) == 10


def test_a_text_with_unicode_line_ends_is_read_whole(tmp_path: Path) -> None:
    answers, _, _ = run(BatchServer(lambda body: completed("one\u2028two\x85three")), tmp_path)
    assert {answer.value for answer in answers.values()} == {"one\u2028two\x85three"}


def test_an_earlier_live_reply_stays_and_both_are_billed(tmp_path: Path) -> None:
    price = pricing.required_price("gpt-4o", local=True)
    key = types.request_key(endpoint(""), REQUESTS["00"], 0)
    sent = batch_journal.Batch("t", "h", "gpt-4o", {key: {"model": "gpt-4o"}}, "batch_0")
    line = json.dumps({"custom_id": key, **completed("in a batch")})
    with Store(tmp_path) as store:
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        store.append({"key": key, "request": {"model": "gpt-4o"}, "text": "live", "finish_reason": "stop", "usage": usage})
        batch.store_line(line, sent, endpoint(""), store)
        assert store.get(key)["text"] == "live"
        assert budget.spent_usd(store) == pytest.approx(1.5 * price.cost(10, 5))


def test_files_are_deleted_at_the_server_after_collection(tmp_path: Path) -> None:
    server = BatchServer(echo)
    run(server, tmp_path)
    assert server.files == {}


def test_a_file_that_cannot_be_deleted_is_reported(tmp_path: Path) -> None:
    server = BatchServer(echo)
    server.keeps = True
    _, _, lines = run(server, tmp_path)
    assert [line.split(":")[0] for line in lines[-2:]] == [
        "file file-0 could not be deleted, do so by hand",
        "file out-0-output_file_id could not be deleted, do so by hand",
    ]


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ("just words", None),
        ({"error": "just words"}, None),
        ({"choices": [None]}, ""),
        (completed("half \ud83d of it")["response"]["body"], "half ? of it"),
        ({"choices": [{"finish_reason": "eos", "message": {"content": [{"type": "text", "text": "in parts"}]}}]}, "in parts"),
    ],
)
def test_an_odd_line_does_not_stop_a_collection(tmp_path: Path, body: Any, text: str | None) -> None:
    sent = batch_journal.Batch(
        "t", "h", "m", {"k": {"model": "m", "most": {"prompt_tokens": 3, "completion_tokens": 50}}}, "batch_0"
    )
    with Store(tmp_path) as store:
        batch.store_line('{"custom_id": ["k"], "response": {}}', sent, endpoint(""), store)
        for response in ({"status_code": 200, "body": body}, "no object", None):
            batch.store_line(json.dumps({"custom_id": "k", "response": response, "error": "words"}), sent, endpoint(""), store)
        record = store.get("k")
        assert (record["text"] if record else None) == text
        assert store.torn == 0


def test_a_live_run_stops_at_requests_sent_in_a_batch_meanwhile(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if number == 4:  # another process sends the rest
            rest = {types.request_key(endpoint(""), request, 0): {} for name, request in REQUESTS.items() if int(name) > 4}
            batch_journal.note_planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "m", rest))
        return ok("x")

    chat = Server(script)
    with serve(chat.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="already in a batch at elsewhere"):
            live.complete(REQUESTS, accept, endpoint(url, concurrency=1), store)
        assert len(chat.bodies) == 5 == len(store)


def test_only_one_process_sends_batches(tmp_path: Path) -> None:
    server = BatchServer(echo)
    with filelock.FileLock(tmp_path / batch.LOCK), pytest.raises(EndpointError, match="another process sends or collects"):
        run(server, tmp_path)
    assert server.batches == []


def test_the_most_a_batch_may_cost_is_reserved_until_collection(tmp_path: Path) -> None:
    price = pricing.required_price("gpt-4o", local=True)
    max_usage = pricing.max_usage(price, REQUESTS["00"], None, 50)
    key = types.request_key(endpoint("", model="gpt-4o"), REQUESTS["00"], 0)
    record = {"model": "gpt-4o", "prompt_version": "v", "most": max_usage}
    batch_journal.note_planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "gpt-4o", {key: record}, "batch_0"))
    silent = {**completed("x")["response"]["body"], "usage": None}
    line = json.dumps({"custom_id": key, "response": {"status_code": 200, "body": silent}, "error": None})
    with Store(tmp_path) as store:
        cost = price.cost(**max_usage, batch=True)
        assert budget.spent_usd(store) == 0 and budget.BatchesInFlight(store).usd() == pytest.approx(cost)
        chat = Server(lambda request, body, number: ok("x"))
        with serve(chat.app) as url, pytest.raises(budget.BudgetError):
            live.complete({"01": REQUESTS["01"]}, accept, endpoint(url, model="gpt-4o", budget_usd=1.5 * cost), store)
        assert chat.bodies == []
        batch.store_line(line, batch_journal.batches(tmp_path)[0], endpoint(""), store)
        assert budget.spent_usd(store) == pytest.approx(cost) and budget.BatchesInFlight(store).usd() == 0  # uncounted: all
        assert "most" not in store.get(key)["request"]


def test_a_model_without_vision_gets_no_batch_of_images(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = BatchServer(echo)
    monkeypatch.setattr("fasrepro.llm.client.known_capabilities", lambda endpoint, store: types.Capabilities(images=False))
    request = ChatRequest("s", "what is it?", "v", lambda: b"png", "pixels")
    with pytest.raises(EndpointError, match="takes no images"):
        run(server, tmp_path, {"a": request})
    assert server.files == {}


class Growing(BatchServer):
    """Shows so many bytes of an output file at the n-th look, and all of them later; counts are right from the start."""

    def __init__(self, sizes: list[int]) -> None:
        super().__init__(echo)
        self.sizes, self.looks = sizes, 0

    async def retrieve(self, request: web.Request) -> web.Response:
        response = await super().retrieve(request)
        batch = json.loads(response.body)
        if batch["status"] == "completed":
            batch["request_counts"] = {"total": 10, "completed": 10, "failed": 0}
        return web.json_response(batch)

    async def content(self, request: web.Request) -> web.Response:
        whole = self.files[request.match_info["id"]]
        self.looks += 1
        return web.Response(body=whole[: self.sizes[self.looks - 1]] if self.looks <= len(self.sizes) else whole)


@pytest.mark.parametrize("sizes", [[0], [1], [700, 900], [-1]])
def test_an_output_file_that_is_not_whole_is_read_again(tmp_path: Path, sizes: list[int]) -> None:
    server = Growing(sizes)
    answers, failures, lines = run(server, tmp_path)
    assert len(answers) == 10 and failures == {} and len(server.batches) == 1
    assert server.looks == len(sizes) + 1 and server.files == {}
    assert sum("of 10 lines are in its files yet" in line for line in lines) == len(sizes)


def test_an_output_file_that_stays_broken_is_kept_and_not_paid_for_again(tmp_path: Path) -> None:
    server = Growing([700] * batch.MAX_LOOKS)
    with pytest.raises(
        EndpointError, match=r"its files hold \d whole lines, and 10 requests were answered.* nothing was deleted"
    ):
        run(server, tmp_path)
    assert "out-0-output_file_id" in server.files and len(batch_journal.batches(tmp_path)) == 1
    answers, _, _ = run(server, tmp_path)  # later it is whole
    assert len(answers) == 10 and len(server.batches) == 1
