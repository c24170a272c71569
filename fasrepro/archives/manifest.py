"""A manifest: a CSV file that describes a folder of pictures or videos, and lies in it. Comma-separated UTF-8 with a header.

Columns, in any order:

- path: of the picture or video, relative to the folder.
- label: live, bona_fide, real or genuine; attack, spoof or fake. Numbers are refused: lists differ in what 0 and 1 mean.
- split: train, dev (or val, valid, validation, devel) or test. eval is refused: it is a test set to some, and to others dev.
- subject: the person. A subject belongs to one split.
- species: a key of `fasrepro.vocabulary.SPECIES`, required for attacks; empty or bona_fide for live faces.
- video (optional): name of the video that a picture was taken from. The pictures of a video are one presentation, so their rows
  agree in label, split, subject, species and device.
- frame (optional): number of the frame in the video, from 0; for all pictures of a video or for none. Of a file that is a video,
  it is the only frame that is taken.
- device (optional): the camera.
- box (optional): the face as "x y width height" in pixels, or the word whole for a picture that is a crop of the face. The box
  of a video needs the number of its frame. Without a box the face is searched.
"""

from __future__ import annotations

import csv
import dataclasses
import difflib
import io
import re
import unicodedata
from pathlib import Path, PurePosixPath

from fasrepro import names
from fasrepro.archives import layout
from fasrepro.archives.layout import WHOLE, ArchiveError, Box, Exclusion, MediaFile, Presentation, Reading
from fasrepro.archives.tree import Tree, is_web_page, walk
from fasrepro.rows.faces import BONA_FIDE_SPECIES, SPLITS, Label
from fasrepro.vocabulary import SPECIES

UNNAMED = "manifest"  # the data set of a manifest that is only inspected
WHOLE_WORD = "whole"
REQUIRED = ("path", "label", "split", "subject")
COLUMNS = (*REQUIRED, "species", "video", "frame", "device", "box")
AGREEING = ("label", "subject", "species", "split", "device")  # the same in all rows of a video
MEDIA = (".png", ".jpg", ".jpeg", ".bmp", *layout.VIDEOS)
LABELS: dict[str, Label] = {
    **dict.fromkeys(("live", "bona_fide", "real", "genuine"), Label.BONA_FIDE),
    **dict.fromkeys(("attack", "spoof", "fake"), Label.ATTACK),
}
SPLIT_WORDS = {"train": "train", **dict.fromkeys(("dev", "val", "valid", "validation", "devel"), "dev"), "test": "test"}
ATTACKS = {key: text for key, text in SPECIES.items() if key != BONA_FIDE_SPECIES}
SEPARATORS = {";": "semicolons", "\t": "tabulators", "|": "bars"}
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")
_BOX = re.compile(r"(-?\d{1,6})\s+(-?\d{1,6})\s+(\d{1,6})\s+(\d{1,6})", re.ASCII)


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One row of a manifest: a picture or a video."""

    line: int  # its first line in the file, from 1
    path: str  # relative to the folder, as the disk spells it
    video: str  # "" for a file that is a presentation of its own
    presentation: Presentation
    frame: int | None  # None where the manifest gives none
    box: Box | None


@dataclasses.dataclass(frozen=True, slots=True)
class Checked:
    """The files of a manifest's folder, the rows without a fault, and a message for each other row, with its line."""

    tree: Tree
    rows: list[Row]
    faults: list[str]


def read(file: Path, dataset: str) -> Reading:
    """Return the presentations of a manifest and their files, in its order.

    The other files of its folder are exclusions by design, because a manifest may describe a part of a folder.

    The path of a presentation is that of its file; for the pictures of a video it is the video's name, which is no file.

    Args:
        file: the manifest.
        dataset: key of the data set that it describes.

    Raises:
        ArchiveError: naming the file, the line and the remedy of the first fault.
    """
    checked = check(file, dataset)
    if checked.faults:
        raise ArchiveError(checked.faults[0])
    presentations = {row.presentation.id: row.presentation for row in reversed(checked.rows)}
    files: dict[str, list[MediaFile]] = {}
    for row in checked.rows:
        files.setdefault(row.presentation.id, []).append(MediaFile(row.path, row.frame, row.box))
    listed = {file.name, *(row.path for row in checked.rows)}
    exclusions = [
        Exclusion(path, f"in no row of {file.name}", by_design=True) for path in checked.tree.sizes if path not in listed
    ]
    ordered = sorted(presentations.values(), key=lambda shown: shown.path)
    present = {shown.split for shown in ordered}
    splits = tuple(split for split in SPLITS if split in present)
    return Reading(ordered, checked.tree.faults + exclusions, files=files, splits=splits)


def check(file: Path, dataset: str = UNNAMED) -> Checked:
    """Return the files of a manifest's folder, its rows without a fault, and all faults.

    Raises:
        ArchiveError: the file cannot be read as a CSV file with these columns.
    """
    cells_by_line = _read_cells(file)
    tree = walk(file.parent)
    spellings: dict[str, list[str]] = {}
    for path in tree.sizes:
        spellings.setdefault(_composed(path), []).append(path)
    folder = file.parent.resolve()
    earlier = _Earlier()
    rows, faults = [], []
    for line, cells in cells_by_line.items():
        where = f"{file}, line {line}"
        try:
            row = _row(where, line, cells, dataset, folder, spellings)
            _compare(where, row, earlier)
        except ArchiveError as error:
            faults.append(str(error))
        else:
            rows.append(row)
    return Checked(tree, rows, faults)


def _read_cells(file: Path) -> dict[int, dict[str, str]]:
    """Return the rows that are not blank, column -> cell, by the number of their first line."""
    text = _read_text(file)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] = []
    rows: dict[int, dict[str, str]] = {}
    line = 1
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if any(cells) and not header:
                header = [cell.lower() for cell in cells]
                _check_header(f"{file}, line {line}", header)
            elif any(cells):
                if len(cells) != len(header):
                    raise ArchiveError(
                        f"{file}, line {line}: {len(cells)} cells for {len(header)} columns; quote a value that holds a comma"
                    )
                rows[line] = dict(zip(header, cells, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise ArchiveError(f"{file}, line {line}: not CSV: {error}; quote what holds a comma, and double a quote in it") from None
    if not rows:
        raise ArchiveError(f"{file}: no rows below the header; add one for each picture or video")
    return rows


def _read_text(file: Path) -> str:
    try:
        data = file.read_bytes()
        text = data.decode("utf-8-sig")
    except OSError as error:
        raise ArchiveError(f"{file}: {error.strerror}; give the CSV file that describes the folder") from None
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ArchiveError(f"{file}, line {line}: not UTF-8 text; save it as CSV in UTF-8") from None
    if not text.strip():
        raise ArchiveError(f"{file}: empty; its first line names the columns: {','.join(REQUIRED)}")
    line, first = next((line, words) for line, words in enumerate(text.splitlines(), start=1) if words.strip())
    if is_web_page(first):
        raise ArchiveError(f"{file}, line {line}: a web page in place of a CSV file; fetch the file itself")
    for separator, word in SEPARATORS.items():
        if separator in first and "," not in first:
            raise ArchiveError(f"{file}, line {line}: columns are separated by {word} ({separator!r}); use commas")
    return text


def _check_header(where: str, header: list[str]) -> None:
    for name in header:
        if name not in COLUMNS:
            raise ArchiveError(f"{where}: {names.unknown(name, COLUMNS, 'column')}; rename it or remove it")
        if header.count(name) > 1:
            raise ArchiveError(f"{where}: {header.count(name)} columns are named {name!r}; keep one")
    for name in REQUIRED:
        if name not in header:
            raise ArchiveError(f"{where}: no column {name!r}; add it: {', '.join(REQUIRED)} are required")


def _row(where: str, line: int, cells: dict[str, str], dataset: str, folder: Path, spellings: dict[str, list[str]]) -> Row:
    path = _path(where, cells["path"], folder, spellings)
    video = _video(where, cells.get("video", ""))
    frame, box = _frame(where, cells.get("frame", "")), _box(where, cells.get("box", ""))
    if _suffix(path) in layout.VIDEOS and video:
        raise ArchiveError(f"{where}: {path} is a video itself; leave the column 'video' empty")
    if _suffix(path) in layout.VIDEOS and box and frame is None:
        raise ArchiveError(f"{where}: a box of the video {path} without a frame; write the number of its frame")
    if _suffix(path) in layout.VIDEOS and box == WHOLE:
        raise ArchiveError(f"{where}: {path} is a video, and {WHOLE_WORD!r} is for pictures; write numbers or nothing")
    if not cells["subject"]:
        raise ArchiveError(f"{where}: no subject; write a name or number of the person")
    label = _label(where, cells["label"])
    species = _species(where, cells.get("species", ""), label)
    shown = Presentation(
        dataset=dataset,
        path=video or path,
        split=_split(where, cells["split"]),
        subject=f"{dataset}/{_composed(cells['subject'])}",
        label=label,
        species=species,
        instrument="" if label is Label.BONA_FIDE else species,
        camera=cells.get("device", "") or "unknown",
    )
    return Row(line, path, video, shown, frame, box)


def _path(where: str, text: str, folder: Path, spellings: dict[str, list[str]]) -> str:
    """Return the path of a file below the folder, as the disk spells it."""
    path = PurePosixPath(text.replace("\\", "/"))
    if path.is_absolute() or re.match("[A-Za-z]:", text) or ".." in path.parts:
        raise ArchiveError(f"{where}: {text!r} leaves the folder; write paths relative to {folder}")
    if _suffix(text) not in MEDIA:
        raise ArchiveError(f"{where}: path {text!r} is no picture or video; its suffix is one of {', '.join(MEDIA)}")
    candidates = spellings.get(_composed(str(path)), [])
    if not candidates:
        near = difflib.get_close_matches(_composed(str(path)), spellings, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ArchiveError(f"{where}: no file {text!r} below {folder}.{hint} Put it there, or remove the row")
    if len(candidates) > 1:
        raise ArchiveError(f"{where}: {len(candidates)} files are named {text!r} in different Unicode forms; keep one of them")
    if not (folder / candidates[0]).resolve().is_relative_to(folder):
        raise ArchiveError(f"{where}: {text!r} is a link that leaves the folder; copy the file into {folder}")
    return candidates[0]


def _label(where: str, text: str) -> Label:
    if _NUMBER.fullmatch(text):
        raise ArchiveError(f"{where}: label {text}: lists differ in what a number means; write the word live or attack")
    return names.lookup(LABELS, text.lower(), "label", ArchiveError, where)


def _split(where: str, text: str) -> str:
    if text.lower() in ("eval", "evaluation"):
        raise ArchiveError(f"{where}: split {text!r} is a test set to some and a validation set to others; write test or dev")
    return names.lookup(SPLIT_WORDS, text.lower(), "split", ArchiveError, where)


def _species(where: str, text: str, label: Label) -> str:
    if label is Label.ATTACK and not text:
        raise ArchiveError(f"{where}: an attack without a species; write one of {', '.join(ATTACKS)}")
    if label is Label.ATTACK:
        names.lookup(ATTACKS, text.lower(), "species of an attack", ArchiveError, where)
        return text.lower()
    if text.lower() not in ("", BONA_FIDE_SPECIES):
        raise ArchiveError(f"{where}: a live face of the species {text!r}; remove the species, or label the row attack")
    return BONA_FIDE_SPECIES


def _video(where: str, text: str) -> str:
    path = PurePosixPath(_composed(text.replace("\\", "/")))
    if path.is_absolute() or ".." in path.parts or (text and not path.name):
        raise ArchiveError(f"{where}: video {text!r} leaves the folder; write a name or a relative path")
    return str(path) if text else ""


def _frame(where: str, text: str) -> int | None:
    if text and not re.fullmatch("[0-9]{1,9}", text):
        raise ArchiveError(f"{where}: frame {text!r} is no whole number from 0; write the frame's number, or nothing")
    return int(text) if text else None


def _box(where: str, text: str) -> Box | None:
    if not text:
        return None
    if text.lower() == WHOLE_WORD:
        return WHOLE
    match = _BOX.fullmatch(text)
    if not match or not int(match[3]) or not int(match[4]):
        raise ArchiveError(
            f"{where}: box {text!r} is not like '10 20 80 100'; write x y width height in whole pixels, or"
            f" {WHOLE_WORD} for a crop"
        )
    x, y, width, height = (int(number) for number in match.groups())
    return x, y, width, height


@dataclasses.dataclass(frozen=True, slots=True)
class _Earlier:
    """The first row of each path, subject, id and frame."""

    by_path: dict[str, Row] = dataclasses.field(default_factory=dict)
    by_subject: dict[str, Row] = dataclasses.field(default_factory=dict)
    by_id: dict[str, Row] = dataclasses.field(default_factory=dict)
    by_frame: dict[tuple[str, int | None], Row] = dataclasses.field(default_factory=dict)


def _compare(where: str, row: Row, earlier: _Earlier) -> None:
    """Compare a row with those above it, and add it to them. Raises `ArchiveError` naming both lines."""
    shown = row.presentation
    first = earlier.by_path.setdefault(row.path, row)
    if first is not row:
        raise ArchiveError(f"{where}: {row.path} is in line {first.line} too; keep one row a file")
    first = earlier.by_id.setdefault(shown.id, row)
    if first is not row and (not row.video or first.video != row.video):
        raise ArchiveError(f"{where}: the id {shown.id!r} is that of line {first.line} too; rename the file or the video")
    if (first.frame is None) != (row.frame is None):
        raise ArchiveError(
            f"{where}: of the video {row.video!r}, one of lines {first.line} and {row.line} has a frame and the other none;"
            " number all or none"
        )
    for column, here, there in zip(AGREEING, _agreeing(shown), _agreeing(first.presentation), strict=True):
        if here != there:
            raise ArchiveError(
                f"{where}: two values of {column} for the video {row.video!r}: {here!r} here and {there!r} in line"
                f" {first.line}; correct one of them, or name two videos"
            )
    first = earlier.by_subject.setdefault(shown.subject, row)
    if first.presentation.split != shown.split:
        raise ArchiveError(
            f"{where}: a subject in two splits: {shown.subject} is in {shown.split} here and in {first.presentation.split}"
            f" in line {first.line}; correct one of them"
        )
    first = earlier.by_frame.setdefault((shown.id, row.frame), row)
    if first is not row and row.frame is not None:
        raise ArchiveError(f"{where}: frame {row.frame} of {shown.id} is in line {first.line} too; keep one of them")


def _agreeing(shown: Presentation) -> tuple[str, ...]:
    """Return the values of the columns `AGREEING`."""
    return shown.label.name.lower(), shown.subject, shown.species, shown.split, shown.camera


def _composed(text: str) -> str:
    return unicodedata.normalize("NFC", text)


def _suffix(path: str) -> str:
    return PurePosixPath(path).suffix.lower()
