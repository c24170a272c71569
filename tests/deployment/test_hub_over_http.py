"""`fasrepro export --push --send` by the hub's real client, against a server on this machine that plays the hub."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import huggingface_hub.constants
import huggingface_hub.utils._http
import pytest

from fasrepro import cli
from fasrepro.deployment import hub
from tests.deployment import loopback_hub
from tests.deployment.loopback_hub import Hub
from tests.exports import export

LOGIN = "`hf auth login` stores a token that may write"


@pytest.fixture(scope="module")
def whole(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = export(checkpoint, tmp_path_factory.mktemp("model"))[0]
    (folder / "README.md").write_text("---\nlicense: apache-2.0\n---\nA model.\n", encoding="utf-8")
    return folder


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    """A hub to which the client goes, with its token. Weights go by Git LFS, because Xet has servers of its own."""
    with loopback_hub.running() as one:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", one.url)
        monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", True)
        monkeypatch.setenv("HF_TOKEN", loopback_hub.TOKEN)
        yield one


def send(folder: Path) -> int:
    return cli.main(["export", "a-job-0", "--to", str(folder), "--push", "me/model", "--send"])


def contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in hub.listing(folder)}


def test_every_file_of_the_listing_is_sent_in_one_commit(whole: Path, served: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    assert send(whole) == 0
    assert served.commits == [contents(whole)]
    assert served.private is True
    assert capsys.readouterr().out.splitlines()[-1] == f"{served.url}/me/model/commit/1"


@pytest.mark.parametrize("part", [loopback_hub.MODES, loopback_hub.UPLOAD])
def test_a_server_error_in_the_middle_is_passed_by_a_retry(part: str, whole: Path, served: Hub) -> None:
    served.faults = {part: [500]}
    assert send(whole) == 0
    assert not served.faults[part]  # it was met
    assert served.commits == [contents(whole)]


def test_a_server_error_that_lasts_leaves_no_commit_and_a_later_run_makes_it(
    whole: Path, served: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(huggingface_hub.utils._http.time, "sleep", lambda seconds: None)
    served.faults = {loopback_hub.COMMIT: [500] * 6}  # at once, or as often as the client tries
    assert send(whole) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert message.startswith("fasrepro export: me/model: ") and "500" in message and message.endswith("; run it again")
    assert served.commits == []
    served.faults = {}
    assert send(whole) == 0
    assert served.commits == [contents(whole)]


def test_a_token_that_the_hub_does_not_know_sends_no_file(
    whole: Path, served: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "hf_another")
    assert send(whole) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert "401" in message and message.endswith(LOGIN) and "hf_another" not in message
    assert served.asked == [f"POST {loopback_hub.CREATE}", "GET /api/models/me/model"]


def test_a_refused_weight_file_is_named_without_a_trace(whole: Path, served: Hub, capsys: pytest.CaptureFixture[str]) -> None:
    served.faults = {loopback_hub.UPLOAD: [403] * 3}
    assert send(whole) == 1
    message = capsys.readouterr().err.splitlines()[-1]
    assert ".safetensors" in message and "403" in message and message.endswith(LOGIN)
    assert served.commits == []


def test_a_refusal_of_xet_is_a_message(
    whole: Path, served: Hub, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("hf_xet")
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_DISABLE_XET", False)
    served.faults = {"/xet-write-token/": [404]}
    assert send(whole) == 1
    assert "me/model: " in capsys.readouterr().err
    assert served.commits == []


def test_a_hub_that_is_not_reached_is_a_message(
    whole: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with loopback_hub.running() as gone:
        monkeypatch.setattr(huggingface_hub.constants, "ENDPOINT", gone.url)
    assert send(whole) == 1
    assert capsys.readouterr().err.splitlines()[-1].endswith("; run it again")
