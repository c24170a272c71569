"""Servers that differ from OpenAI's, as their documentation or code says, on loopback."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fasrepro.llm import batch, batch_journal, client, endpoints, live, types
from fasrepro.llm.store import Store
from fasrepro.llm.types import Capabilities, ChatRequest
from fasrepro.simulation.annotator.server import serve
from tests.llm.chat_server import KEY, REQUEST, Server, completion, endpoint, ok
from tests.llm.test_capabilities import has_image, probed
from tests.llm.test_endpoints import SETTINGS
from tests.llm.test_live import complete


def filtered(code: str = "content_filter") -> web.Response:
    """What Azure OpenAI answers about a prompt that its filter stops."""
    error = {
        "message": f"The response was filtered due to the prompt triggering the content policy. ({KEY})",
        "type": None,
        "param": "prompt",
        "code": code,
        "status": 400,
        "innererror": {"code": "ResponsibleAIPolicyViolation"},
    }
    return web.json_response({"error": error}, status=400)


@pytest.mark.parametrize("code", types.FILTER_CODES)
def test_a_filtered_prompt_is_a_refusal_and_its_fallback_is_asked(tmp_path: Path, code: str) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return ok("fine") if body["messages"][1]["content"][0]["text"] == "softly" else filtered(code)

    request = dataclasses.replace(REQUEST, fallbacks=(ChatRequest("system", "softly", "test-2"),))
    server, answers, failures = complete(script, tmp_path, {"a": request}, attempts=5, refusals=2)
    assert failures == {} and len(server.bodies) == 3
    with Store(tmp_path) as store:  # no reply was billed
        assert sum(usage.completion_tokens for usage in store.usage().values()) == 2
    assert (answers["a"].value, answers["a"].prompt_version, answers["a"].rejected) == ("fine", "test-2", ("refusal",) * 2)
    again, same, _ = complete(script, tmp_path, {"a": request}, attempts=5, refusals=2)
    assert again.bodies == [] and same == answers  # the filter's answer is stored, too


def test_a_generated_refusal_without_usage_is_billed_in_full(tmp_path: Path) -> None:
    silent = {**completion(None, refusal="I can't"), "usage": None}
    complete(lambda request, body, number: web.json_response(silent), tmp_path, attempts=1)
    with Store(tmp_path) as store:
        assert [usage.completion_tokens for usage in store.usage().values()] == [50]


def test_other_bad_requests_are_not_refusals(tmp_path: Path) -> None:
    _, _, failures = complete(lambda request, body, number: filtered("string_above_max_length"), tmp_path)
    assert failures["a"].rejected == ("HTTP 400",)


def test_a_prompt_filtered_in_a_batch_is_a_refusal(tmp_path: Path) -> None:
    key = types.request_key(endpoint(""), REQUEST, 0)
    sent = batch_journal.Batch("token", "host", "m", {key: {"model": "m", "most": {}}}, "batch_0")
    error = {"error": {"message": f"filtered {KEY}", "code": "content_filter"}}
    line = json.dumps({"custom_id": key, "response": {"status_code": 400, "body": error}, "error": None})
    with Store(tmp_path) as store:
        batch.store_line(line, sent, endpoint(""), store)
        record = store.get(key)
    assert record is not None and (record["finish_reason"], record["text"]) == ("content_filter", "filtered ***")


@pytest.mark.parametrize(
    ("detail", "shown"),
    [
        ("Server is pinned to 'a'; requested 'm'.", "HTTP 400: Server is pinned to 'a'; requested 'm'."),
        (
            [{"loc": ["body", "model"], "msg": "Field required"}],
            'HTTP 400: [{"loc": ["body", "model"], "msg": "Field required"}]',
        ),
    ],
)
def test_the_detail_of_a_fastapi_error_is_shown(tmp_path: Path, detail: Any, shown: str) -> None:
    _, _, failures = complete(lambda request, body, number: web.json_response({"detail": detail}, status=400), tmp_path)
    assert failures["a"].reason == shown


def test_a_field_that_fastapi_refuses_is_left_out(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        unexpected = {"detail": "Unexpected fields in the request: {'seed'}"}
        return web.json_response(unexpected, status=422) if "seed" in body else counted(body)

    assert probed(script, tmp_path)[1] == Capabilities(seed=False)


def counted(body: dict[str, Any], looks: bool = True) -> web.Response:
    """Answer with as many prompt tokens as a model that sees images, or one that does not, would have had."""
    usage = {"prompt_tokens": 10 + 100 * (looks and has_image(body)), "completion_tokens": 1, "total_tokens": 11}
    return web.json_response(completion("Red") | {"usage": usage})


def test_a_silently_dropped_image_shows_in_the_token_count(tmp_path: Path) -> None:
    assert not probed(lambda request, body, number: counted(body, looks=False), tmp_path / "blind")[1].images
    assert probed(lambda request, body, number: counted(body), tmp_path / "sees")[1].images
    silent = completion("Red") | {"usage": None}
    assert probed(lambda request, body, number: web.json_response(silent), tmp_path / "silent")[1].images


def test_an_azure_deployment_is_asked_at_its_v1_url(tmp_path: Path) -> None:
    seen: list[tuple[str, str, str]] = []

    async def chat_completions(request: web.Request) -> web.Response:
        body = await request.json()
        seen.append((request.path, request.headers["Authorization"], body["model"]))
        return ok("x")

    app = web.Application()
    app.add_routes([web.post("/openai/v1/chat/completions", chat_completions)])
    with serve(app) as url, Store(tmp_path) as store:
        azure = endpoint(url.removesuffix("/v1") + "/openai/v1/", model="my-deployment")
        answers, _ = live.complete({"a": REQUEST}, lambda name, reply: reply.text, azure, store)
    assert seen == [("/openai/v1/chat/completions", f"Bearer {KEY}", "my-deployment")] and answers["a"].value == "x"


def test_only_a_local_server_needs_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    local = endpoints.endpoint_at("http://localhost:8000/v1", "m", **SETTINGS)
    assert endpoints.with_key(local).api_key == endpoints.NO_KEY
    remote = endpoints.endpoint_at("http://192.168.0.7:8000/v1", "m", **SETTINGS)
    with pytest.raises(types.EndpointError, match="OPENAI_API_KEY is not set: http://192"):
        endpoints.with_key(remote)


def test_a_retrained_folder_is_another_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("model").mkdir()
    Path("model/model.safetensors").write_bytes(b"one")

    def key(url: str = "http://localhost:8000/v1", model: str = "model") -> str:
        return types.request_key(endpoints.endpoint_at(url, model, **SETTINGS), REQUEST, 0)

    first = key()
    assert first == key() and first != key(model="other")
    assert key("https://example.com/v1") == key("https://elsewhere.com/v1") != first  # a name, not a folder of this machine
    Path("model/model.safetensors").write_bytes(b"two")
    assert key() != first
    with Store(tmp_path / "store") as store:  # its capabilities are not taken from the earlier one
        server = Server(lambda request, body, number: counted(body))
        with serve(server.app) as url:
            for weights in ("one", "two", "two"):
                client.known_capabilities(endpoint(url, probe=True, weights=weights), store)
    assert len([body for body in server.bodies if has_image(body)]) == 2


def test_a_pinned_server_is_quoted_in_the_error(tmp_path: Path) -> None:
    pinned = {"detail": "Server is pinned to 'a'; requested 'm'."}
    with pytest.raises(types.EndpointError, match=r"no answer even to a first .*Server is pinned to 'a'"):
        probed(lambda request, body, number: web.json_response(pinned, status=400), tmp_path)
