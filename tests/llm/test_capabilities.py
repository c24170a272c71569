"""The probe, against loopback servers that accept less than OpenAI's."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from PIL import Image

from fasrepro.llm import capabilities, client
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

    server = Server(seeing(script))
    with serve(server.app) as url, Store(tmp_path) as store:
        first = client.known_capabilities(endpoint(url, probe=True), store)
        assert first == Capabilities(images=True, json_schema=True, logprobs=True) and len(server.bodies) == 4
        assert "this machine, model m: images, JSON schema, log probabilities" in capsys.readouterr().err
        assert client.known_capabilities(endpoint(url, probe=True), store) == first and len(server.bodies) == 4  # from the store


def test_each_port_is_a_server_of_its_own(tmp_path: Path) -> None:
    assert probed(seeing(lambda request, body, number: ok("Red")), tmp_path)[1].images
    blind = lambda request, body, number: failed(400, "no images") if has_image(body) else ok("Red")  # noqa: E731
    assert not probed(blind, tmp_path)[1].images


def test_an_old_probe_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = Server(seeing(lambda request, body, number: ok("Red")))
    with serve(server.app) as url, Store(tmp_path) as store:
        client.known_capabilities(endpoint(url, probe=True), store)
        asked = len(server.bodies)
        monkeypatch.setattr(capabilities, "FRESH_S", -1)
        client.known_capabilities(endpoint(url, probe=True), store)
        assert len(server.bodies) == 2 * asked


def test_what_is_known_wins_over_a_probe(tmp_path: Path) -> None:
    server = Server(lambda request, body, number: failed(400, "no images") if has_image(body) else ok("Red"))
    with serve(server.app) as url, Store(tmp_path) as store:
        for _ in range(2):  # by a probe, and from the store
            known = client.known_capabilities(endpoint(url, probe=True, accepts={"images": True, "seed": False}), store)
            assert known == Capabilities(images=True, seed=False)


def test_missing_capabilities_are_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if has_image(body):
            return failed(400, "this model does not take images")
        if "response_format" in body or body.get("logprobs"):
            return failed(422, "unknown field")
        return ok("red")

    _, accepted = probed(script, tmp_path)
    assert accepted == Capabilities(images=False, json_schema=False, logprobs=False)
    assert "no images; no JSON schema, so replies are read as plain text; no log prob" in capsys.readouterr().err


def test_a_server_that_ignores_a_schema_has_no_json_schema(tmp_path: Path) -> None:
    _, accepted = probed(seeing(lambda request, body, number: ok("Red.")), tmp_path)
    assert accepted == Capabilities(images=True, json_schema=False, logprobs=False)


def test_refused_fields_are_left_out_or_renamed(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        if "max_tokens" in body:
            return failed(400, "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.")
        if "temperature" in body:
            return failed(400, "Unsupported value: 'temperature' does not support 0.5 with this model.")
        return failed(400, "seed: extra inputs are not permitted") if "seed" in body else ok("Red")

    _, accepted = probed(seeing(script), tmp_path)
    assert accepted.limit_field == "max_completion_tokens" and accepted.images
    assert not accepted.temperature and not accepted.seed


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

    _, accepted = probed(script, tmp_path)
    assert accepted == Capabilities(images=True, limit_field="max_completion_tokens")


def test_a_failed_control_question_proves_nothing_about_images(tmp_path: Path) -> None:
    script = lambda request, body, number: failed(400, "output limit was reached") if number == 1 else ok("Red")  # noqa: E731
    assert probed(seeing(script), tmp_path)[1].images


def test_a_server_without_images_is_probed_again_later(tmp_path: Path) -> None:
    blind = lambda request, body, number: failed(400, "no images") if has_image(body) else ok("Red")  # noqa: E731
    assert not probed(blind, tmp_path)[1].images
    assert probed(seeing(lambda request, body, number: ok("Red")), tmp_path)[1].images


def test_an_overloaded_server_is_probed_again_at_once(tmp_path: Path) -> None:
    _, accepted = probed(seeing(lambda request, body, number: failed(503) if number == 0 else ok("Red")), tmp_path)
    assert accepted.images


def test_the_simulated_annotator_follows_a_schema(world: Any, tmp_path: Path) -> None:
    with serve(application(world.annotator())) as url, Store(tmp_path) as store:
        assert client.known_capabilities(endpoint(url, probe=True), store) == Capabilities(
            images=True, json_schema=True, logprobs=False
        )


REFUSED_SEED = 'Invalid JSON payload received. Unknown name "seed": Cannot find field.'


@pytest.mark.parametrize(
    "body",
    [
        [{"error": {"code": 400, "message": REFUSED_SEED, "status": "INVALID_ARGUMENT"}}],  # Gemini
        {"error": REFUSED_SEED},
        {"error": {"error": {"message": REFUSED_SEED}}},
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        REFUSED_SEED,
        None,
    ],
)
def test_a_refused_field_is_found_in_an_error_of_any_shape(tmp_path: Path, body: Any) -> None:
    def script(request: web.Request, asked: dict[str, Any], number: int) -> web.Response:
        if "seed" not in asked:
            return ok("Red")
        return web.Response(status=400, text=REFUSED_SEED) if body is None else web.json_response(body, status=400)

    assert probed(seeing(script), tmp_path)[1] == Capabilities(seed=False)


def colour_of(body: dict[str, Any]) -> str:
    """Return the colour of a question's image, as a model that looks at it would."""
    url = body["messages"][-1]["content"][0]["image_url"]["url"]
    red, _, blue = Image.open(io.BytesIO(base64.b64decode(url.split(",")[1]))).getpixel((5, 5))
    return "Red." if red > blue else "Blue."


def test_a_model_whose_usage_counts_no_images_is_known_by_what_it_sees(tmp_path: Path) -> None:
    sees = lambda request, body, number: ok(colour_of(body) if has_image(body) else "Green")  # noqa: E731
    assert probed(sees, tmp_path / "sees")[1].images
    guesses = lambda request, body, number: ok("Red, or blue" if has_image(body) else "Green")  # noqa: E731
    assert not probed(lambda request, body, number: ok("Red"), tmp_path / "blind")[1].images
    assert not probed(lambda request, body, number: ok("I see no image"), tmp_path / "honest")[1].images
    assert not probed(guesses, tmp_path / "guesses")[1].images


def test_a_small_context_says_nothing_about_images(tmp_path: Path) -> None:
    def script(request: web.Request, body: dict[str, Any], number: int) -> web.Response:
        needed = body["max_tokens"] + 300 * has_image(body)
        words = f"This model's maximum context length is 512 tokens. However, you requested {needed} (max_tokens included)."
        return failed(400, words) if needed > 512 else ok("Red")

    assert probed(seeing(script), tmp_path / "small")[1] == Capabilities()
    too_small = lambda request, body, number: failed(400, "maximum context length is 64 tokens")  # noqa: E731
    with pytest.raises(EndpointError, match="its context has no room for an image"):
        probed(too_small, tmp_path / "tiny")
