"""Whether the pages made here are those of dvc.lock: text exactly, pictures by tolerance.

dvc.lock has one hash for the folder of all fragments. It does not say which file differs, and another machine may draw a line a
grey level lighter. So `recorded/pages.json` lists each file with its hash, and each picture with a small grey copy. The list is
that of dvc.lock: DVC's hash of a folder is the hash of the list of its files.

`python -m fasrepro.commands.recorded_pages`, after `make book`, compares and names what differs. --write makes the list anew.
"""

from __future__ import annotations

import argparse
import base64
import dataclasses
import hashlib
import io
import json
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
from PIL import Image

from fasrepro import config, files, paths, schema
from fasrepro.commands import recorded_outputs
from fasrepro.report import book

LIST = paths.RECORDED_OUTPUTS / "pages.json"
STAGES = ("report", "notebook")  # whose outputs the stage `book` reads
PNG = "image/png"
SIDE = 32  # pixels of the longer side of a grey copy
TOLERANCE = 8.0  # grey levels of 255 by which a pixel of two grey copies may differ: an edge that moves by a pixel stays below


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture's size in pixels, and its grey copy, row by row, in Base64."""

    width: int
    height: int
    grey: str


@dataclasses.dataclass(frozen=True)
class File:
    """A file that pages are built from.

    Args:
        md5: of the file.
        text: MD5 of what must be the same everywhere: of a notebook without its pictures, "" for a picture.
        pictures: the file itself, or those of a notebook, in its order.
    """

    md5: str
    text: str
    pictures: tuple[Picture, ...] = ()


def picture(content: bytes) -> Picture:
    """Return size and grey copy of an image file. Pixels that can be seen through are white."""
    with Image.open(io.BytesIO(content)) as image:
        seen = image.convert("RGBA")
    grey = Image.alpha_composite(Image.new("RGBA", seen.size, "white"), seen).convert("L")
    share = min(SIDE / max(grey.size), 1)
    size = tuple(max(round(side * share), 1) for side in grey.size)
    small = grey.resize(size, Image.Resampling.BOX)
    return Picture(*grey.size, base64.b64encode(small.tobytes()).decode("ascii"))


def describe(path: Path) -> File:
    """Return what is listed of a file. Raises `OSError` where there is none."""
    content = path.read_bytes()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    if path.suffix == ".png":
        return File(md5, "", (picture(content),))
    if path.suffix != ".ipynb":
        return File(md5, md5)
    notebook = json.loads(content)
    shown = [output["data"] for cell in notebook["cells"] for output in cell.get("outputs", ()) if "data" in output]
    # A long text may be a list of lines.
    pictures = tuple(picture(base64.b64decode("".join(data.pop(PNG)))) for data in shown if PNG in data)
    text = json.dumps(notebook, sort_keys=True)
    return File(md5, hashlib.md5(text.encode("utf-8"), usedforsecurity=False).hexdigest(), pictures)


def difference(recorded: File, here: File) -> str:
    """Return how two states of a file differ; "" where they show the same."""
    if recorded.md5 == here.md5:
        return ""
    if recorded.text != here.text:
        return "another text"
    if len(recorded.pictures) != len(here.pictures):
        return f"{len(here.pictures)} pictures, recorded {len(recorded.pictures)}"
    for number, (one, other) in enumerate(zip(recorded.pictures, here.pictures, strict=True), start=1):
        if (one.width, one.height) != (other.width, other.height):
            return f"picture {number}: {other.width} x {other.height} pixels, recorded {one.width} x {one.height}"
        levels = np.abs(_grey(one) - _grey(other)).max()
        if levels > TOLERANCE:
            return f"picture {number}: differs by {levels:.0f} of 255 grey levels, allowed {TOLERANCE:.0f}"
    return ""


def _grey(one: Picture) -> np.ndarray:
    return np.frombuffer(base64.b64decode(one.grey), dtype=np.uint8).astype(float)


def files_here(root: Path) -> dict[str, File]:
    """Return the files that the pages of the project in `root` are built from, by path from there."""
    fragments = (path for path in (root / paths.GENERATED).rglob("*") if path.is_file())
    notebooks = (root / paths.EXECUTED).glob("*.ipynb")
    return {path.relative_to(root).as_posix(): describe(path) for path in sorted([*fragments, *notebooks])}


def read(root: Path) -> dict[str, File]:
    """Return the recorded files by path. Raises `ValueError` where the list is missing or broken."""
    return schema.build(dict[str, File], files.read_json(root / LIST), str(LIST))


def differences(recorded: Mapping[str, File], here: Mapping[str, File]) -> Iterator[str]:
    """Yield a line for each file that is missing, not recorded, or another one."""
    for path in sorted({*recorded, *here}):
        if path not in here:
            yield f"{path}: missing"
        elif path not in recorded:
            yield f"{path}: not recorded"
        elif words := difference(recorded[path], here[path]):
            yield f"{path}: {words}"


def not_of_lock(listed: Mapping[str, File], root: Path) -> list[str]:
    """Return the outputs of which a list does not hold the files that the dvc.lock of `root` has."""
    stages = config.read_yaml(root / recorded_outputs.LOCK)["stages"]
    kept = {name: stage for name, stage in stages.items() if name.partition("@")[0] in STAGES}
    return [path for path, md5 in recorded_outputs.outputs_of(kept).items() if _dvc_hash(listed, path) != md5]


def _dvc_hash(listed: Mapping[str, File], output: str) -> str:
    if output in listed:
        return listed[output].md5
    inside = {path.removeprefix(f"{output}/"): file.md5 for path, file in listed.items() if path.startswith(f"{output}/")}
    rows = [{"md5": md5, "relpath": path} for path, md5 in sorted(inside.items())]
    return hashlib.md5(json.dumps(rows).encode("utf-8"), usedforsecurity=False).hexdigest() + ".dir"


def write(root: Path) -> int:
    """Write the list anew from the pages of the project in `root`; return how many files it has.

    Raises:
        ValueError: where these are not the pages of its dvc.lock.
    """
    listed = files_here(root)
    others = not_of_lock(listed, root)
    if others:
        raise ValueError(f"{', '.join(others)}: not what {recorded_outputs.LOCK} says; run `make book` first")
    # A line a file, so that git shows which have changed.
    lines = [f"{json.dumps(path)}: {json.dumps(schema.plain(file), sort_keys=True)}" for path, file in listed.items()]
    files.write_text(root / LIST, "{\n" + ",\n".join(lines) + "\n}\n")
    return len(listed)


def compare(root: Path) -> int:
    """Compare the pages of the project in `root` with the recorded ones; return how many files they are built from.

    Raises:
        ValueError: with a line for each file that differs, or the first page of the book that is missing.
    """
    recorded = read(root)
    lines = list(differences(recorded, files_here(root)))
    if lines:
        raise ValueError("\n".join([f"{len(lines)} of {len(recorded)} files are not those of {LIST}:", *lines]))
    ablations = config.load("ablations", path=root / paths.PARAMS).ablations
    toc = book.with_ablations(config.read_yaml(root / paths.BOOK / "_toc.yml"), list(ablations))
    book.check(root / paths.SITE, toc)
    return len(recorded)


def main(argv: list[str] | None = None) -> int:
    """Compare the pages of the project in this folder with the recorded ones, or record them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the list anew, from pages that are those of dvc.lock")
    arguments = parser.parse_args(argv)
    try:
        count = write(Path()) if arguments.write else compare(Path())
    except (ValueError, OSError) as error:
        print(f"recorded pages: {error}", file=sys.stderr)
        return 1
    print(f"{LIST}: {count} files {'listed' if arguments.write else 'as recorded'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
