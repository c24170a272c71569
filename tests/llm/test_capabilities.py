"""The probe, against loopback servers that accept less than OpenAI's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from fasrepro.llm import client
from fasrepro.llm.store import Store
from fasrepro.llm.types import Capabilities, EndpointError
from fasrepro.simulation.annotator.server import application, serve
from tests.llm.chat_server import Script, Server, endpoint, failed, ok


def has_image(body: dict[str, Any]) -> bool:
    return any(part["type"] == "image_url" for part in body["messages"][-1]["content"])


def seeing(script: Script) -> Script:
    """Count an image among the tokens of a question, as servers of models that look at it do."""

    def counting(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        answer = script(request, body, number)
        if has_image(body) and answer.status == 200:
            answer.text = answer.text.replace('"prompt_tokens": 1', '"prompt_tokens": 101')
        return answer

    return counting


def probed(script: Script, folder: Path) -> tuple[Server, Capabilities]:
    server = Server(script)
    with serve(server.app) as url, Store(folder) as store:
        return server, client.known_capabilities(endpoint(url, probe=True), store)


def test_a_server_that_accepts_everything_is_probed_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        answer = ok('{"colour": "red"}' if "response_format" in body else "Red")
        if body.get("logprobs"):
            answer = web.json_response(
                text=answer.text.replace('"finish_reason"', '"logprobs": {"content": []}, "finish_reason"')
            )
        return answer

    server, capabilities = probed(seeing(script), tmp_path)
    assert capabilities == Capabilities(images=True, json_schema=True, logprobs=True)
    assert len(server.bodies) == 4 and "this machine, model m: images, JSON schema, log probabilities" in capsys.readouterr().err
    again, same = probed(script, tmp_path)
    assert again.bodies == [] and same == capabilities  # from the store


def test_missing_capabilities_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if has_image(body):
            return failed(400, "this model does not take images")
        if "response_format" in body or body.get("logprobs"):
            return failed(422, "unknown field")
        return ok("red")

    _, capabilities = probed(script, tmp_path)
    assert capabilities == Capabilities(images=False, json_schema=False, logprobs=False)
    assert "no images; no JSON schema, so replies are read as plain text; no log prob" in capsys.readouterr().err


def test_a_server_that_ignores_a_schema_has_no_json_schema(tmp_path: Path) -> None:
    _, capabilities = probed(seeing(lambda request, body, number: ok("Red.")), tmp_path)
    assert capabilities == Capabilities(images=True, json_schema=False, logprobs=False)


def test_refused_fields_are_left_out_or_renamed(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if "max_tokens" in body:
            return failed(400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
        if "temperature" in body:
            return failed(400, "Unsupported value: 'temperature' does not support 0.5 with this model.")
        return failed(400, "seed: extra inputs are not permitted") if "seed" in body else ok("Red")

    _, capabilities = probed(seeing(script), tmp_path)
    assert capabilities.limit_field == "max_completion_tokens" and capabilities.images
    assert not capabilities.temperature and not capabilities.seed


def test_a_server_that_answers_nothing_is_an_error_and_stores_nothing(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match=r"no answer even to a first short question .HTTP 400: go away"):
        probed(lambda request, body, number: failed(400, "go away"), tmp_path)
    with pytest.raises(EndpointError, match=r"no answer even to a first short question .HTTP 500"):
        probed(lambda request, body, number: failed(500), tmp_path)
    with Store(tmp_path) as store:
        assert len(store) == 0


def test_a_model_that_runs_out_of_tokens_has_accepted_the_image(tmp_path: Path) -> None:
    message = "Could not finish the message because max_tokens or model output limit was reached. Please try again."

    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        return failed(400, message if "max_tokens" not in body else "'max_tokens' is not supported: use 'max_completion_tokens'")

    _, capabilities = probed(script, tmp_path)
    assert capabilities == Capabilities(images=True, limit_field="max_completion_tokens")


def test_a_failed_control_question_proves_nothing_about_images(tmp_path: Path) -> None:
    script = lambda request, body, number: failed(400, "output limit was reached") if number == 1 else ok("Red")  # noqa: E731
    assert probed(seeing(script), tmp_path)[1].images


def test_a_server_without_images_is_probed_again_later(tmp_path: Path) -> None:
    blind = lambda request, body, number: failed(400, "no images") if has_image(body) else ok("Red")  # noqa: E731
    assert not probed(blind, tmp_path)[1].images
    assert probed(seeing(lambda request, body, number: ok("Red")), tmp_path)[1].images


def test_an_overloaded_server_is_probed_again_at_once(tmp_path: Path) -> None:
    _, capabilities = probed(seeing(lambda request, body, number: failed(503) if number == 0 else ok("Red")), tmp_path)
    assert capabilities.images


def test_the_simulated_annotator_follows_a_schema(world: Any, tmp_path: Path) -> None:
    with serve(application(world.annotator())) as url, Store(tmp_path) as store:
        assert client.known_capabilities(endpoint(url, probe=True), store) == Capabilities(
            images=True, json_schema=True, logprobs=False
        )
