"""The review page in headless Chromium, with the command as a real process that is killed in mid-edit and started again."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent import futures
from pathlib import Path
from typing import Any

import pytest

from fasrepro.llm.store import Store
from fasrepro.stages import annotate as stage
from tests.annotated_world import make_world
from tests.browser.watching import watch
from tests.captions.test_annotate import project
from tests.layout import ROOT

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements.lock")
expect = playwright.expect

pytestmark = pytest.mark.browser

PATIENCE = 180_000  # milliseconds: the machine may have more to do than this
HOSTILE = "<script>window.taken = true</script><img src=x onerror='window.taken = true'> <b>bold</b> &lt;i&gt;"
GOOD = "A pale edge of a sheet of paper runs along the whole cheek. This is a presentation attack."


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with a captioned set, as the folder in which we are."""
    root = project(make_world(tmp_path / "world", 6), tmp_path / "p")
    monkeypatch.chdir(root)
    monkeypatch.setenv("FASREPRO_STORE", str(tmp_path / "store"))
    with futures.ThreadPoolExecutor(1) as thread:  # the browser's event loop has this one
        thread.submit(stage.main, ["--set", "vanilla"]).result()
    return root


@pytest.fixture
def start(root: Path) -> Iterator[Callable[[int], tuple[subprocess.Popen[str], str]]]:
    """Return a function that starts the command on a port, 0 for any; it returns the process and the page's address."""
    processes: list[subprocess.Popen[str]] = []

    def started(port: int) -> tuple[subprocess.Popen[str], str]:
        command = [sys.executable, "-m", "fasrepro.cli", "review", "vanilla", "--editor", "ann", "--port", str(port)]
        environment = os.environ | {"PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment)
        processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()
        return process, process.stdout.readline().strip()

    yield started
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def tab(browser: Any) -> Iterator[Any]:
    """A page that may ask this machine alone; errors and dialogs are faults."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    faults = watch(page)
    page.on("dialog", lambda dialog: (faults.append(f"dialog: {dialog.message}"), dialog.dismiss()))
    yield page
    context.close()
    assert faults == []


def rows(root: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (root / "reviews" / "vanilla.jsonl").read_text().splitlines()]


def test_captions_are_accepted_edited_dropped_and_taken_back_and_a_killed_server_loses_nothing(
    root: Path, start: Callable[[int], tuple[subprocess.Popen[str], str]], tab: Any
) -> None:
    process, address = start(0)
    port = int(address.split(":")[2].split("/")[0])
    tab.goto(address)
    message, check, field = tab.locator("#message"), tab.locator("#check"), tab.get_by_label("Caption", exact=True)
    expect(tab.locator("#place")).to_have_text("1 / 6")
    expect(check).to_contain_text("A caption")

    tab.keyboard.press("a")
    expect(message).to_have_text("Face 1 accepted.")
    expect(tab.locator("#place")).to_have_text("2 / 6")
    assert [(row["editor"], row["action"]) for row in rows(root)] == [("ann", "accept")]

    # A print: an edit that the parser refuses, with its reason; then a good one.
    tab.keyboard.press("n")
    expect(tab.locator("#place")).to_have_text("3 / 6")
    expect(tab.locator("#label")).to_have_text("attack")
    field.fill("Dots. This is a bona fide face.")
    expect(check).to_contain_text("Not a caption yet: too short: 7 words, at least 8")
    field.fill("Dots lie all over the skin of this face. This is a bona fide face.")
    expect(check).to_contain_text("Not a caption yet: contradicts the label: told attack, says bona_fide")
    tab.keyboard.press("Control+Enter")
    expect(message).to_have_text("Not saved: the text is not a caption yet.")
    assert len(rows(root)) == 1
    field.fill(GOOD)
    expect(check).to_contain_text("A caption")
    tab.keyboard.press("Control+Enter")
    expect(message).to_have_text("Face 3 edited.")
    assert rows(root)[-1]["text"] == GOOD

    tab.keyboard.press("d")
    expect(message).to_have_text("Face 4 dropped.")
    tab.keyboard.press("u")
    expect(message).to_have_text("Face 4: your decision is taken back.")
    assert [row["action"] for row in rows(root)] == ["accept", "edit", "drop", "undo"]
    expect(tab.locator("#counts")).to_contain_text("2 of 6 decided (1 accepted, 1 edited, 0 dropped)")

    # Mid-edit: the first words have reached the server, the last ones only the browser.
    field.fill("Half a sentence")
    expect(check).to_contain_text("3 words")
    process.send_signal(signal.SIGKILL)
    process.wait()
    field.fill(f"Half a sentence, and {HOSTILE}")
    expect(message).to_contain_text("The server does not answer. Your text is kept in this browser")
    before = rows(root)
    _, address = start(port)
    tab.goto(address)
    expect(tab.locator("#place")).to_have_text("2 / 6")  # the first that is not decided
    tab.keyboard.press("n")
    expect(tab.locator("#place")).to_have_text("4 / 6")
    expect(field).to_have_value(f"Half a sentence, and {HOSTILE}")
    expect(message).to_have_text("Your unsaved text is back.")
    assert rows(root) == before
    tab.keyboard.press("r")
    expect(check).to_contain_text("A caption")


def test_html_and_script_in_a_reply_show_as_text(
    root: Path, start: Callable[[int], tuple[subprocess.Popen[str], str]], tab: Any, tmp_path: Path
) -> None:
    hostile_store(tmp_path / "store", HOSTILE)
    _, address = start(0)
    tab.goto(address)
    expect(tab.locator("#replies pre").first).to_have_text(HOSTILE)
    assert tab.locator("#replies script, #replies img, #replies b, #replies i").count() == 0
    tab.get_by_label("Whole caption").or_(tab.get_by_label("Caption", exact=True)).fill(HOSTILE)
    expect(tab.locator("#check")).to_contain_text("Not a caption yet")
    assert tab.evaluate("() => window.taken") is None


def test_a_page_of_another_origin_changes_nothing(
    root: Path, start: Callable[[int], tuple[subprocess.Popen[str], str]], browser: Any, tab: Any
) -> None:
    """Another page that even knows the token: localhost is another origin than 127.0.0.1."""
    _, address = start(0)
    tab.goto(address)
    expect(tab.locator("#check")).to_contain_text("A caption")
    foreign = browser.new_context().new_page()
    foreign.route("http://evil.example/", lambda route: route.fulfill(body="<p>evil</p>", content_type="text/html"))
    foreign.goto("http://evil.example/")
    send = """async (url) => {
      for (const type of ["application/json", "text/plain"]) {
        try {
          await fetch(url, {method: "POST", mode: type === "text/plain" ? "no-cors" : "cors",
            headers: {"Content-Type": type}, body: '{"at": 0, "action": "drop"}'});
        } catch { /* refused by the browser before it is sent */ }
      }
      return document.querySelector("p").textContent;
    }"""
    assert foreign.evaluate(send, f"{address}api/undo") == "evil"
    foreign.context.close()
    assert not (root / "reviews").exists()
    shown = tab.request.post(f"{address}api/undo", data="{}", headers={"Origin": "http://evil.example"})
    assert shown.status == 403


def hostile_store(folder: Path, text: str) -> None:
    """Replace the text of every reply in a store."""
    file = folder / "replies.jsonl"
    replies = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    shutil.rmtree(folder)
    with Store(folder) as store:
        store.append(*(reply | ({"text": text} if "text" in reply else {}) for reply in replies))
