"""The demo page in headless Chromium: a file, and a camera that shows a cartoon of a face."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cv2
import pytest

from tests.browser.watching import watch
from tests.cartoon import cartoon
from tests.exports import draw, export
from tests.layout import ROOT

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed: pip install -r requirements.lock")
expect = playwright.expect

pytestmark = pytest.mark.browser

PATIENCE = 180_000  # milliseconds: the machine may have more to do than this


@pytest.fixture(scope="module")
def address(checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address that the command prints, with a small exported model."""
    model, _ = export(checkpoint, tmp_path_factory.mktemp("model"))
    command = [sys.executable, "-m", "fasrepro.cli", "demo", str(model), "--port", "0"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    process = subprocess.Popen(command, text=True, stdout=subprocess.PIPE, env=environment)
    assert process.stdout is not None
    process.stdout.readline()
    yield process.stdout.readline().strip()
    process.terminate()
    assert process.wait(60) == 0


@pytest.fixture(scope="module")
def camera(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film of a cartoon, as Chromium's fake camera takes it."""
    path = tmp_path_factory.mktemp("camera") / "face.y4m"
    yuv = cv2.cvtColor(cartoon(480, 640, 320, 240, 110), cv2.COLOR_RGB2YUV_I420)
    path.write_bytes(b"YUV4MPEG2 W640 H480 F25:1 Ip A1:1 C420jpeg\n" + b"".join(b"FRAME\n" + yuv.tobytes() for _ in range(3)))
    return path


@pytest.fixture
def tab(browser: Any, camera: Path) -> Iterator[Any]:
    """A page that may ask this machine alone, with a camera; errors are faults."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    fake = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream", f"--use-file-for-fake-video-capture={camera}"]
    running = browser.browser_type.launch(executable_path=chromium, args=["--no-sandbox", *fake])
    context = running.new_context(viewport={"width": 1200, "height": 900}, permissions=["camera"])
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    faults = watch(page)
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    yield page
    running.close()
    assert faults == []


def boxed(tab: Any) -> int:
    """Return how many pixels of the shown picture have the colour of a box."""
    count: int = tab.evaluate(
        """() => {
          const canvas = document.getElementById("picture"), colours = [[230, 25, 75], [66, 212, 244]];
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          let count = 0;
          for (let at = 0; at < data.length; at += 4) {
            count += colours.some((colour) => colour.every((value, channel) => Math.abs(data[at + channel] - value) < 4));
          }
          return count;
        }"""
    )
    return count


def test_a_file_and_a_camera_picture_are_judged_with_box_score_and_text(address: str, tab: Any, tmp_path: Path) -> None:
    tab.goto(address)
    expect(tab.locator("#job")).to_have_text("a-job-0")
    expect(tab.locator("#warning")).to_contain_text("Scores do not carry over")

    tab.locator("#file").set_input_files(draw(tmp_path / "two.png", 120, 120))
    expect(tab.locator("#faces article")).to_have_count(2)
    expect(tab.locator("#faces")).to_contain_text("p_attack 0.")
    expect(tab.locator("#faces")).to_contain_text("0.5000 (dev of msu)")
    expect(tab.locator("#faces article").first).to_contain_text("It writes")
    expect(tab.locator("#faces article").first).to_contain_text("Cues it names")
    expect(tab.locator("#message")).to_be_hidden()  # the picture is drawn
    assert boxed(tab) > 200

    tab.get_by_role("button", name="Start camera").click()
    expect(tab.locator("#preview")).to_be_visible()
    tab.get_by_role("button", name="Take picture").click()
    expect(tab.locator("#faces article")).to_have_count(1)
    expect(tab.locator("#message")).to_be_hidden()
    expect(tab.locator("#faces")).to_contain_text("Face 1: ")
    assert tab.evaluate("() => document.getElementById('picture').width") == 640
    assert boxed(tab) > 200
    tab.get_by_role("button", name="Stop camera").click()
    expect(tab.locator("#preview")).to_be_hidden()

    (tmp_path / "text.png").write_text("no picture")
    tab.locator("#file").set_input_files(tmp_path / "text.png")
    expect(tab.locator("#faces")).to_contain_text("No score: not a picture")
    expect(tab.locator("#picture")).to_be_hidden()
