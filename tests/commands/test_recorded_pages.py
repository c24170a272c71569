"""Pages compared with the recorded ones: another text, a moved bar and a missing file are named; a lighter line is not."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Iterator
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image, ImageDraw

from fasrepro import files, paths
from fasrepro.commands import recorded_outputs, recorded_pages
from tests.layout import ROOT


def png(bar: int = 100, shift: int = 0, size: tuple[int, int] = (640, 400), level: int = 0) -> bytes:
    """Return a figure: a bar of so many pixels, moved to the right, on white that is `level` grey levels darker."""
    image = Image.new("L", size, 255 - level)
    ImageDraw.Draw(image).rectangle((shift, 0, shift + bar, size[1]), fill=0)
    return encoded(image)


def encoded(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def notebook(picture: bytes, words: str = "0.12") -> str:
    data = {"image/png": base64.b64encode(picture).decode("ascii"), "text/plain": words}
    cell = nbformat.v4.new_code_cell("show()", id="cell-000", outputs=[nbformat.v4.new_output("display_data", data)])
    return nbformat.writes(nbformat.v4.new_notebook(cells=[cell]))


def write(root: Path, picture: bytes, table: str = "| a |", words: str = "0.12") -> None:
    for path, content in {
        "_generated/results/table.md": table.encode(),
        "_generated/results/figures/hter.png": picture,
        "executed/shares.ipynb": notebook(picture, words).encode(),
    }.items():
        (root / paths.BOOK / path).parent.mkdir(parents=True, exist_ok=True)
        (root / paths.BOOK / path).write_bytes(content)


def md5(content: bytes) -> str:
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with pages, and with the list of them."""
    write(tmp_path, png())
    picture, text = md5(png()), md5(b"| a |")
    # As DVC hashes a folder.
    listing = (
        f'[{{"md5": "{picture}", "relpath": "results/figures/hter.png"}}, {{"md5": "{text}", "relpath": "results/table.md"}}]'
    )
    outputs = {"book/_generated": f"{md5(listing.encode())}.dir", "book/executed/shares.ipynb": md5(notebook(png()).encode())}
    stages = {
        name: {"outs": [{"path": path, "md5": known}]}
        for name, (path, known) in zip(("report", "notebook@shares"), outputs.items(), strict=True)
    }
    files.write_json(tmp_path / recorded_outputs.LOCK, {"stages": stages | {"book": {"outs": [{"path": "html", "md5": "1"}]}}})
    assert recorded_pages.write(tmp_path) == 3
    return tmp_path


def lines(root: Path) -> list[str]:
    found: Iterator[str] = recorded_pages.differences(recorded_pages.read(root), recorded_pages.files_here(root))
    return list(found)


def test_the_same_pages_do_not_differ(root: Path) -> None:
    assert lines(root) == []


def test_another_text_is_named_however_small_the_change(root: Path) -> None:
    write(root, png(), table="| b |", words="0.13")
    assert lines(root) == ["book/_generated/results/table.md: another text", "book/executed/shares.ipynb: another text"]


def test_a_bar_that_is_longer_by_a_fiftieth_of_the_figure_is_another_picture(root: Path) -> None:
    write(root, png(bar=113))
    message = (
        "picture 1: differs by 166 of 255 grey levels, allowed 8"  # of a cell of 20 pixels: 101 - 100 and 114 - 100 are black
    )
    assert lines(root) == [f"book/_generated/results/figures/hter.png: {message}", f"book/executed/shares.ipynb: {message}"]


def test_noise_and_another_compression_are_the_same_picture(root: Path) -> None:
    pixels = np.array(Image.open(io.BytesIO(png())), dtype=int)
    noise = np.random.default_rng(1).integers(-3, 4, pixels.shape)
    write(root, encoded(Image.fromarray(np.clip(pixels + noise, 0, 255).astype(np.uint8))))
    assert md5((root / paths.GENERATED / "results/figures/hter.png").read_bytes()) != md5(png())
    assert lines(root) == []


def test_the_tolerance_is_a_number_of_grey_levels(root: Path) -> None:
    write(root, png(level=8))
    assert lines(root) == []
    write(root, png(level=9))
    assert len(lines(root)) == 2


def test_another_size_and_another_number_of_pictures_are_named(root: Path) -> None:
    write(root, png(size=(640, 401)))
    assert lines(root)[0].endswith("hter.png: picture 1: 640 x 401 pixels, recorded 640 x 400")
    empty = nbformat.reads(notebook(png()), as_version=4)
    empty.cells[0].outputs[0].data.pop("image/png")
    files.write_text(root / paths.EXECUTED / "shares.ipynb", nbformat.writes(empty))
    assert lines(root)[1] == "book/executed/shares.ipynb: 0 pictures, recorded 1"


def test_a_missing_and_a_new_file_are_named(root: Path) -> None:
    (root / paths.GENERATED / "results/table.md").rename(root / paths.GENERATED / "results/new.md")
    assert lines(root) == ["book/_generated/results/new.md: not recorded", "book/_generated/results/table.md: missing"]


def test_pages_that_are_not_those_of_the_lock_are_not_recorded(root: Path) -> None:
    before = (root / recorded_pages.LIST).read_bytes()
    write(root, png(), table="| b |")
    with pytest.raises(ValueError, match=r"^book/_generated: not what dvc.lock says; run `make book` first$"):
        recorded_pages.write(root)
    assert (root / recorded_pages.LIST).read_bytes() == before


def test_the_command_fails_for_a_file_that_differs_and_for_a_page_that_is_missing(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(root)
    files.write_text(root / paths.PARAMS, "ablations: {}\n")
    files.write_text(root / paths.BOOK / "_toc.yml", "root: index\nchapters: [{file: ledger}]\n")
    page = f"<article>{'word ' * 30}</article>"
    paths.SITE.mkdir(parents=True)
    files.write_text(paths.SITE / "index.html", page)
    assert recorded_pages.main([]) == 1
    assert "book/_build/site/ledger.html: the book has no such page" in capsys.readouterr().err
    files.write_text(paths.SITE / "ledger.html", page)
    assert recorded_pages.main([]) == 0
    assert capsys.readouterr().out == "recorded/pages.json: 3 files as recorded\n"
    write(root, png(), table="| b |")
    assert recorded_pages.main([]) == 1
    assert "1 of 3 files are not those of recorded/pages.json:\nbook/_generated/results/table.md" in capsys.readouterr().err


def test_the_recorded_pages_are_those_of_the_lock() -> None:
    assert recorded_pages.not_of_lock(recorded_pages.read(ROOT), ROOT) == [], "run `make recorded`"
