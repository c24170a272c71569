"""Batches against a loopback server: split, sent, lost, expired, collected, and mixed with questions that are asked live."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import filelock
import pytest
from aiohttp import web

from fasrepro.llm import batch, batch_journal, client, pricing, types
from fasrepro.llm.attempts import standing
from fasrepro.llm.store import Asked, Store
from fasrepro.llm.types import ChatRequest, EndpointError
from fasrepro.simulation.annotator.server import serve
from tests.llm.batch_server import EXPIRED, BatchServer, completed, refused
from tests.llm.test_client import KEY, Server, accept, endpoint, ok

REQUESTS = {f"{number:02d}": ChatRequest("s", f"question {number}", "v") for number in range(10)}


def question(body: dict[str, Any]) -> str:
    return body["messages"][1]["content"][0]["text"]


def echo(body: dict[str, Any]) -> dict[str, Any]:
    return completed(f"answer to {question(body)} with {body['seed']}", "the same id every time")


def run(server: BatchServer, folder: Path, requests: dict[str, ChatRequest] = REQUESTS, **changes: Any) -> Any:
    most = changes.pop("most", (batch.MOST_REQUESTS, batch.MOST_BYTES))
    said: list[str] = []
    with serve(server.app) as url, Store(folder) as store:
        answers, failures = batch.complete(requests, accept, endpoint(url, **changes), store, said.append, 0.0, most)
    assert KEY not in "".join(path.read_text() for path in folder.iterdir()) + "".join(said)
    return answers, failures, said


def test_replies_are_matched_by_custom_id_whatever_their_order(tmp_path: Path) -> None:
    server = BatchServer(echo)
    answers, failures, said = run(server, tmp_path)
    assert failures == {} and list(answers) == list(REQUESTS)
    assert {name: answer.value for name, answer in answers.items()} == {
        f"{number:02d}": f"answer to question {number} with 100" for number in range(10)
    }
    assert server.keys == {f"Bearer {KEY}"} and len(server.batches) == 1
    assert said == [
        "batch batch_0: 10 requests sent to this machine",
        "batch batch_0: validating, 0 of 10 done",
        "batch batch_0: completed",
    ]
    assert not (tmp_path / "batch.jsonl").exists()

    again, _, _ = run(server, tmp_path)
    assert again == answers and len(server.batches) == 1  # what is in the store is never asked again
    live = Server(lambda request, body, number: ok("never"))
    with serve(live.app) as url, Store(tmp_path) as store:
        assert client.complete(REQUESTS, accept, endpoint(url), store)[0] == answers
        assert store.used()[Asked("m", "v", batch=True)].prompt_tokens == 100
    assert live.bodies == []


@pytest.mark.parametrize(("most", "sizes"), [((4, 10**9), [4, 4, 2]), ((100, 700), [2] * 5), ((100, 1), [1] * 10)])
def test_a_batch_holds_no_more_than_its_limits(tmp_path: Path, most: tuple[int, int], sizes: list[int]) -> None:
    server = BatchServer(echo)
    answers, _, _ = run(server, tmp_path, most=most)
    assert len(answers) == 10 and [len(lines) for lines in server.seen] == sizes
    if most[1] > 1:
        assert all(sum(len(json.dumps(line)) + 1 for line in lines) <= most[1] for lines in server.seen)


def test_what_failed_is_another_attempt_what_expired_or_was_lost_is_sent_as_it_was(tmp_path: Path) -> None:
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


def test_an_expired_batch_keeps_what_it_brought_and_barren_ones_end(tmp_path: Path) -> None:
    server = BatchServer(echo, statuses={0: "expired"})
    answers, _, _ = run(server, tmp_path / "a")
    assert len(answers) == 10 and len(server.batches) == 2
    server = BatchServer(echo, statuses=dict.fromkeys(range(9), "expired"))
    with pytest.raises(EndpointError, match="3 batches in a row brought no reply"):
        run(server, tmp_path / "b")
    assert len(server.batches) == 3


def test_a_batch_that_is_not_accepted_says_why_and_its_requests_can_be_sent_again(tmp_path: Path) -> None:
    server = BatchServer(echo, statuses={0: "failed"})
    with pytest.raises(EndpointError, match="batch batch_0 was not accepted: line 1 is odd"):
        run(server, tmp_path)
    answers, _, _ = run(server, tmp_path)
    assert len(answers) == 10 and len(server.batches) == 2


@pytest.mark.parametrize("after", ["planned", "created", "noted", "half collected"])
def test_a_process_that_was_killed_pays_for_no_batch_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: str) -> None:
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


def test_what_is_under_way_in_a_batch_is_not_asked_live(tmp_path: Path) -> None:
    asked = endpoint("http://127.0.0.1:1/v1")
    key = types.request_key(asked, REQUESTS["03"], 0)
    batch_journal.planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "m", {key: {"most": {}}}))
    live = Server(lambda request, body, number: ok("x"))
    with serve(live.app) as url, Store(tmp_path) as store:
        said = r"under way in a batch at elsewhere\.example: .* `fasrepro annotate --batch` collects it"
        with pytest.raises(EndpointError, match=said):
            client.complete({"03": REQUESTS["03"]}, accept, endpoint(url), store)
        with pytest.raises(EndpointError, match=said):  # nor in another batch
            batch.complete({"03": REQUESTS["03"]}, accept, endpoint(url), store)
        assert len(client.complete({"04": REQUESTS["04"]}, accept, endpoint(url), store)[0]) == 1


def test_a_torn_line_of_the_list_of_batches_is_skipped(tmp_path: Path) -> None:
    batch_journal.planned(tmp_path, batch_journal.Batch("one", "h", "m", {"k": {}}))
    with (tmp_path / batch_journal.FILE).open("a") as file:
        file.write('{"token": "two", "requ')
    batch_journal.note(tmp_path, "one", id="batch_7")
    assert [(found.token, found.id) for found in batch_journal.batches(tmp_path)] == [("one", "batch_7")]
    with Store(tmp_path) as store:
        assert {key: found.host for key, found in pricing.UnderWay(store).batches().items()} == {"k": "h"}


def test_a_batch_is_as_large_as_the_budget_and_no_larger(tmp_path: Path) -> None:
    server = BatchServer(echo)
    price = pricing.needed_price("gpt-4o", local=True)
    one = price.cost(**pricing.most(price, REQUESTS["00"], None, 50), batch=True)
    with pytest.raises(pricing.BudgetError, match="`fasrepro annotate --batch` goes on from there"):
        run(server, tmp_path, model="gpt-4o", budget_usd=2.1 * one)
    assert len(server.seen[0]) == 2  # more at last, since replies cost less than they may
    sent = sum(len(lines) for lines in server.seen)
    assert 2 < sent < 10
    answers, _, _ = run(server, tmp_path, model="gpt-4o", budget_usd=20 * one)
    assert len(answers) == 10 and sum(len(lines) for lines in server.seen) == 10


def test_a_server_without_batches_leaves_nothing_behind(tmp_path: Path) -> None:
    live = Server(lambda request, body, number: ok("x"))
    with serve(live.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="HTTP 404"):
            batch.complete(REQUESTS, accept, endpoint(url), store)
        assert not (tmp_path / "batch.jsonl").exists() and batch_journal.batches(tmp_path) == []
        assert len(client.complete(REQUESTS, accept, endpoint(url), store)[0]) == 10


@pytest.mark.parametrize(("status", "left"), [(400, 0), (429, 1), (500, 1)])
def test_a_batch_that_is_refused_is_forgotten_and_one_that_may_have_been_made_is_not(
    tmp_path: Path, status: int, left: int
) -> None:
    server = BatchServer(echo)
    server.refuses = status
    with pytest.raises(EndpointError, match=f"HTTP {status}"):
        run(server, tmp_path)
    assert len(batch_journal.batches(tmp_path)) == left == len(server.files)
    server.refuses = 0
    answers, _, _ = run(server, tmp_path)
    assert len(answers) == 10 and batch_journal.batches(tmp_path) == []


@pytest.mark.parametrize("lost", ["batch", "file"])
def test_a_batch_that_the_server_does_not_know_is_not_paid_for_again(tmp_path: Path, lost: str) -> None:
    server = BatchServer(echo)
    with serve(server.app) as url, Store(tmp_path) as store:
        pending = [standing(name, REQUESTS[name], endpoint(url), store, accept, store.error) for name in REQUESTS]
        batch.send(pending, endpoint(url), types.Abilities(), store, print, (100, 10**9))
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


def test_one_batch_that_is_not_known_does_not_keep_the_others(tmp_path: Path) -> None:
    server = BatchServer(echo)
    with serve(server.app) as url, Store(tmp_path) as store:
        pending = [standing(name, REQUESTS[name], endpoint(url), store, accept, store.error) for name in REQUESTS]
        batch.send(pending, endpoint(url), types.Abilities(), store, print, (4, 10**9))
    server.gone.add("batch_0")
    with pytest.raises(EndpointError, match="does not know batch batch_0"):
        run(server, tmp_path)
    with Store(tmp_path) as store:
        assert len(store) == 6
    assert [found.id for found in batch_journal.batches(tmp_path)] == ["batch_0"]


def test_an_account_without_the_file_of_a_batch_is_not_the_one_it_may_be_in(tmp_path: Path) -> None:
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


def test_a_text_with_lines_of_its_own_is_one_line(tmp_path: Path) -> None:
    answers, _, _ = run(BatchServer(lambda body: completed("one\u2028two\x85three")), tmp_path)
    assert {answer.value for answer in answers.values()} == {"one\u2028two\x85three"}


def test_a_reply_that_came_live_meanwhile_stays_and_both_are_paid_for(tmp_path: Path) -> None:
    price = pricing.needed_price("gpt-4o", local=True)
    key = types.request_key(endpoint(""), REQUESTS["00"], 0)
    known = batch_journal.Batch("t", "h", "gpt-4o", {key: {"model": "gpt-4o"}}, "batch_0")
    line = json.dumps({"custom_id": key, **completed("in a batch")})
    with Store(tmp_path) as store:
        usage = {"prompt_tokens": 10, "completion_tokens": 5}
        store.append({"key": key, "request": {"model": "gpt-4o"}, "text": "live", "finish_reason": "stop", "usage": usage})
        batch.take(line, known, endpoint(""), store)
        assert store.get(key)["text"] == "live"
        assert pricing.spent(store) == pytest.approx(1.5 * price.cost(10, 5))


def test_files_that_hold_faces_are_deleted_once_they_are_collected(tmp_path: Path) -> None:
    server = BatchServer(echo)
    run(server, tmp_path)
    assert server.files == {}


def test_a_file_that_cannot_be_deleted_is_named(tmp_path: Path) -> None:
    server = BatchServer(echo)
    server.keeps = True
    _, _, said = run(server, tmp_path)
    assert [line.split(":")[0] for line in said[-2:]] == [
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
def test_an_odd_line_neither_stops_a_collection_nor_loses_a_text(tmp_path: Path, body: Any, text: str | None) -> None:
    known = batch_journal.Batch(
        "t", "h", "m", {"k": {"model": "m", "most": {"prompt_tokens": 3, "completion_tokens": 50}}}, "batch_0"
    )
    with Store(tmp_path) as store:
        batch.take('{"custom_id": ["k"], "response": {}}', known, endpoint(""), store)
        for response in ({"status_code": 200, "body": body}, "no object", None):
            batch.take(json.dumps({"custom_id": "k", "response": response, "error": "words"}), known, endpoint(""), store)
        record = store.get("k")
        assert (record["text"] if record else None) == text
        assert store.torn == 0


def test_what_is_sent_in_a_batch_meanwhile_is_asked_live_no_more(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if number == 4:  # another process sends the rest
            rest = {types.request_key(endpoint(""), asked, 0): {} for name, asked in REQUESTS.items() if int(name) > 4}
            batch_journal.planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "m", rest))
        return ok("x")

    live = Server(script)
    with serve(live.app) as url, Store(tmp_path) as store:
        with pytest.raises(EndpointError, match="under way in a batch at elsewhere"):
            client.complete(REQUESTS, accept, endpoint(url, concurrency=1), store)
        assert len(live.bodies) == 5 == len(store)


def test_two_processes_do_not_send_batches_at_once(tmp_path: Path) -> None:
    server = BatchServer(echo)
    with filelock.FileLock(tmp_path / batch.LOCK), pytest.raises(EndpointError, match="another process sends or collects"):
        run(server, tmp_path)
    assert server.batches == []


def test_what_a_batch_may_cost_is_spent_until_it_is_known(tmp_path: Path) -> None:
    price = pricing.needed_price("gpt-4o", local=True)
    most = pricing.most(price, REQUESTS["00"], None, 50)
    key = types.request_key(endpoint("", model="gpt-4o"), REQUESTS["00"], 0)
    asked = {"model": "gpt-4o", "prompt_version": "v", "most": most}
    batch_journal.planned(tmp_path, batch_journal.Batch("t", "elsewhere.example", "gpt-4o", {key: asked}, "batch_0"))
    silent = {**completed("x")["response"]["body"], "usage": None}
    line = json.dumps({"custom_id": key, "response": {"status_code": 200, "body": silent}, "error": None})
    with Store(tmp_path) as store:
        cost = price.cost(**most, batch=True)
        assert pricing.spent(store) == 0 and pricing.UnderWay(store).usd() == pytest.approx(cost)
        live = Server(lambda request, body, number: ok("x"))
        with serve(live.app) as url, pytest.raises(pricing.BudgetError):
            client.complete({"01": REQUESTS["01"]}, accept, endpoint(url, model="gpt-4o", budget_usd=1.5 * cost), store)
        assert live.bodies == []
        batch.take(line, batch_journal.batches(tmp_path)[0], endpoint(""), store)
        assert pricing.spent(store) == pytest.approx(cost) and pricing.UnderWay(store).usd() == 0  # uncounted: all
        assert "most" not in store.get(key)["request"]


def test_a_model_that_takes_no_images_gets_no_batch_of_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = BatchServer(echo)
    monkeypatch.setattr("fasrepro.llm.client.abilities", lambda endpoint, store: types.Abilities(images=False))
    request = ChatRequest("s", "what is it?", "v", lambda: b"png", "pixels")
    with pytest.raises(EndpointError, match="takes no images"):
        run(server, tmp_path, {"a": request})
    assert server.files == {}
