"""A checkpoint of this project behind a real `transformers serve`, used like any other annotator."""

from __future__ import annotations

import dataclasses
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from fasrepro import crops
from fasrepro.llm import client, endpoints, live, png
from fasrepro.llm.store import Store
from fasrepro.llm.types import Capabilities, ChatRequest, Endpoint, EndpointError
from fasrepro.models import inputs, vlm
from tests.llm.test_endpoints import SETTINGS
from tests.small_models import PROMPT, made_of, model_of, move

STARTS_WITHIN_S = 120.0


@dataclasses.dataclass(frozen=True)
class Served:
    url: str
    model: str
    written: Callable[[Image.Image], str]  # returns the trained model's own text about a picture


@pytest.fixture(scope="module")
def served(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    root = tmp_path_factory.mktemp("served")
    model, processor = model_of(checkpoint, seed=3)  # one whose texts differ between images
    move(model)
    vlm.save(model, root / "trained", made_of(checkpoint, processor), vlm.changed_weights(model))
    vlm.merge(str(checkpoint), root / "trained", root / "merged")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("transformers")
    command = [str(program), "serve", str(root / "merged"), "--host", "127.0.0.1", "--port", str(port), "--device", "cpu"]
    with (root / "log").open("w") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=subprocess.STDOUT, env={**os.environ, "HF_HUB_OFFLINE": "1", "CUDA_VISIBLE_DEVICES": ""}
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health", server, root / "log")
            written = lambda picture: inputs.generate(model.body, processor, [picture], PROMPT, 12)[0][0]  # noqa: E731
            yield Served(f"http://127.0.0.1:{port}/v1", str(root / "merged"), written)
        finally:
            server.terminate()
            server.wait(timeout=20)


def wait_for(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    until = time.monotonic() + STARTS_WITHIN_S
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.2)
        else:
            return
    pytest.fail(f"transformers serve did not start:\n{log.read_text()[-3000:]}")


def endpoint(served: Served, **changes: object) -> Endpoint:
    settings = {**SETTINGS, "timeout_s": 60.0, "max_tokens": 12, **changes}
    return dataclasses.replace(endpoints.endpoint_at(served.url, served.model, **settings), api_key=endpoints.NO_KEY)


def request_about(picture: Image.Image) -> ChatRequest:
    data, pixels_hash = crops.encode(np.asarray(picture))
    return ChatRequest("", PROMPT, "test-1", lambda: png.without_metadata(data), pixels_hash)


def test_the_server_writes_what_the_trained_model_writes(
    served: Served, picture: Callable[[int], Image.Image], tmp_path: Path
) -> None:
    images = {str(number): picture(number) for number in range(6)}
    requests = {name: request_about(image) for name, image in images.items()}
    with Store(tmp_path) as store:
        answers, failures = live.complete(requests, lambda name, reply: reply.text, endpoint(served), store)
        again, _ = live.complete(requests, lambda name, reply: reply.text, endpoint(served, concurrency=1), store)
    assert failures == {} and again == answers
    texts = {name: answer.value.strip() for name, answer in answers.items()}
    assert texts == {name: served.written(image) for name, image in images.items()}
    assert len(set(texts.values())) > 1  # they depend on the image


def test_the_probe_finds_the_servers_capabilities(served: Served, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Store(tmp_path) as store:
        capabilities = client.known_capabilities(endpoint(served), store)
    assert capabilities == Capabilities(images=True, json_schema=False, logprobs=False)
    assert "this machine, model" in capsys.readouterr().err


def test_a_wrong_model_name_is_refused_with_the_servers_words(served: Served, tmp_path: Path) -> None:
    other = dataclasses.replace(endpoint(served), model="another")
    with Store(tmp_path) as store, pytest.raises(EndpointError, match="Server is pinned to"):
        client.known_capabilities(other, store)
