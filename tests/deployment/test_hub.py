from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from fasrepro import cli
from fasrepro.deployment import exported, hub
from fasrepro.deployment.hub import HubError
from tests.exports import export


class Recorder:
    """In the place of the hub's client: keeps what it is asked, and sends nothing."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.fault = fault

    def create_repo(self, repo: str, **options: Any) -> None:
        if self.fault:
            raise self.fault
        self.asked.append((repo, options))

    def upload_folder(self, **options: Any) -> SimpleNamespace:
        self.asked.append((options.pop("repo_id"), options))
        return SimpleNamespace(commit_url="https://hub.example/commit/1")


@pytest.fixture(scope="module")
def whole(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return export(checkpoint, tmp_path_factory.mktemp("model"))[0]


def test_the_files_of_the_listing_are_sent_and_the_repository_is_private(whole: Path) -> None:
    client = Recorder()
    assert hub.push(client, whole, "me/model") == "https://hub.example/commit/1"
    [(made, options), (repo, sent)] = client.asked
    assert (made, options) == ("me/model", {"private": True, "exist_ok": True})
    assert (repo, sent["folder_path"], sent["commit_message"]) == ("me/model", whole, "a-job-0")
    listed = hub.listing(whole)
    assert sent["allow_patterns"] == list(listed)
    assert {"fasrepro.json", "head.safetensors", "backbone/model.safetensors"} <= set(listed)
    assert listed["fasrepro.json"] == (whole / "fasrepro.json").stat().st_size


def test_an_error_on_the_way_to_the_hub_is_one_line_with_a_remedy(whole: Path) -> None:
    with pytest.raises(HubError, match=r"^me/model: no route to it and more; run it again$"):
        hub.push(Recorder(OSError("no route to it\nand more")), whole, "me/model")


def test_what_is_no_part_of_an_export_is_never_sent(whole: Path) -> None:
    for stray in ("photo.jpg", "backbone/photo.png"):
        (whole / stray).touch()
        with pytest.raises(HubError, match=f"{stray}: no file of an export"):
            hub.listing(whole)
        (whole / stray).unlink()
    (whole / "link.json").symlink_to("/etc/hostname")
    with pytest.raises(HubError, match="no file of an export"):
        hub.listing(whole)
    (whole / "link.json").unlink()


@pytest.mark.parametrize("repo", ["model", "a/b/c", "me/mo del", "../x"])
def test_a_name_that_the_hub_does_not_take_is_refused(repo: str) -> None:
    with pytest.raises(HubError, match="--push"):
        hub.check_name(repo)


def test_without_send_nothing_is_sent(whole: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "push", lambda *_: pytest.fail("sent"))
    assert cli.main(["export", "a-job-0", "--to", str(whole), "--push", "me/model"]) == 0
    printed = capsys.readouterr().out
    assert "head.safetensors" in printed and "Nothing was sent. With --send, me/model gets these files." in printed
    assert cli.main(["export", "another-job-0", "--to", str(whole), "--push", "me/model"]) == 1
    assert "holds a-job-0, not another-job-0" in capsys.readouterr().err


def test_a_changed_weight_file_is_not_sent(whole: Path) -> None:
    head = whole / "head.safetensors"
    before = head.read_bytes()
    head.write_bytes(before[:-1] + bytes([before[-1] ^ 1]))
    with pytest.raises(HubError, match=f"not those that {exported.ABOUT} names"):
        hub.listing(whole)
    head.write_bytes(before)
