"""What the archives have in common: presentations, readings, sidecars of boxes, and the walk through a tree.

Each archive's own module holds its codec of file names, its reader and its writer; `fasrepro.archives.ARCHIVES` lists them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from fasrepro.files import write_text
from fasrepro.rows.faces import Label

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame
Eyes = tuple[float, float, float, float]  # x, y of the eye at the left of the picture, then of the other, in pixels of the frame


PUT_BACK = "the official archive carries it: put it back"  # the remedy for a file that is missing


class ArchiveError(ValueError):
    """An archive that cannot be read as its official layout; the message names the file and what to do."""


class UnknownName(ArchiveError):  # noqa: N818 - it is a name that is unknown
    """A file name that the archive's codec does not know."""


@dataclasses.dataclass(frozen=True, slots=True)
class Presentation:
    """One video of an archive, as its official name and split tell it."""

    dataset: str
    path: str  # of the video, relative to the archive's folder, with its suffix, in POSIX form
    split: str  # the official one: train, dev or test
    subject: str  # with its data set: "msu/client001"
    label: Label
    species: str
    instrument: str  # the archive's own word for the attack; "" for a live face
    camera: str

    @property
    def id(self) -> str:
        """The presentation's name in all tables: data set and path without suffix."""
        return f"{self.dataset}/{PurePosixPath(self.path).with_suffix('')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Exclusion:
    """A file of an archive, or one that a list names, that gives no face, and why."""

    path: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """An archive's presentations, sorted by path, and what was left out of them."""

    presentations: list[Presentation]
    exclusions: list[Exclusion]


def files(root: Path) -> list[str]:
    """Return all files under `root` as sorted relative POSIX paths; raises `ArchiveError` if the folder is missing."""
    if not root.is_dir():
        raise ArchiveError(f"{root}: no such folder; the archive's official tree belongs there")
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def read_tree(
    root: Path,
    present: Callable[[str], Presentation | Exclusion],
    suffixes: tuple[str, ...],
    sidecar: str | None,
    known: Iterable[str] = (),
) -> Reading:
    """Walk `root` and return a presentation for each video, an exclusion for each file that is nothing of the archive's.

    `present` makes of a video's relative path its presentation, or says why not; it raises `UnknownName`, which becomes an
    exclusion. It is given the path with its suffix in lower case: copies between systems change that, and the path on disk is
    kept. `sidecar` is the suffix of the boxes' files; `known` are further files of the layout (split lists, notes).
    """
    presentations: list[Presentation] = []
    exclusions: list[Exclusion] = []
    taken: dict[str, str] = {}
    for path in files(root):
        suffix = PurePosixPath(path).suffix.lower()
        if path in known or (sidecar is not None and suffix == sidecar):
            continue
        if suffix not in suffixes:
            exclusions.append(Exclusion(path, "no file of this archive's layout"))
            continue
        try:
            found = present(beside(path, suffix))
        except UnknownName as error:
            found = Exclusion(path, str(error))
        if isinstance(found, Presentation) and taken.setdefault(found.id, path) != path:
            found = Exclusion(path, f"{found.id} is {taken[found.id]} already")
        if isinstance(found, Presentation):
            presentations.append(dataclasses.replace(found, path=path))
        else:
            exclusions.append(Exclusion(path, found.reason))
    return Reading(presentations, exclusions)


def read_lines(path: Path, what: str, remedy: str) -> list[tuple[int, str]]:
    """Return the lines of a split list that are not blank, stripped, each with its number in the file, from 1.

    Raises `ArchiveError` where the list is missing, with the caller's `remedy`, and where it is no UTF-8 text.
    """
    if not path.is_file():
        raise ArchiveError(f"{path}: missing {what}; {remedy}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path}: no UTF-8 text at byte {error.start}; restore the official {what}") from None
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def read_numbers(path: Path, separator: str | None, columns: int) -> dict[int, tuple[int, ...]] | None:
    """Read a sidecar: one line a frame, its number and then at least `columns` numbers; None where there is no file.

    Frames are numbered from 0 in some files and from 1 in others: a file without a frame 0 is taken to start from 1.
    The suffix may also stand in capitals, as copies between systems leave it.
    Returns frame (from 0) -> its first `columns` numbers. Raises `ArchiveError` naming file and line.
    """
    if not path.is_file():
        path = path.with_suffix(path.suffix.upper())
    if not path.is_file():
        return None
    rows: dict[int, tuple[int, ...]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8-sig", errors="replace").splitlines(), start=1):
        if not line.strip():
            continue
        try:
            values = [round(float(value)) for value in line.strip().strip(",").split(separator)]
        except (ValueError, OverflowError):
            raise ArchiveError(f"{path}, line {number}: not numbers: {line[:60]!r}; restore the file or delete it") from None
        if len(values) < columns + 1:
            raise ArchiveError(
                f"{path}, line {number}: {len(values)} numbers, expected {columns + 1}; restore the file or delete it"
            )
        rows[values[0]] = tuple(values[1 : columns + 1])
    first = 0 if 0 in rows else 1
    return {frame - first: values for frame, values in rows.items()}


def read_eyes(path: Path, separator: str, before: int) -> dict[int, Eyes] | None:
    """Return frame (from 0) -> eyes from a sidecar whose lines hold them after `before` other numbers; None if there is no file.

    Which eye comes first differs between archives, so the one further left in the picture is put first.
    """
    rows = read_numbers(path, separator, before + 4)
    if rows is None:
        return None
    points = {frame: sorted([(row[before], row[before + 1]), (row[before + 2], row[before + 3])]) for frame, row in rows.items()}
    return {frame: (*left, *right) for frame, (left, right) in points.items()}


def not_carried(root: Path, path: str) -> None:
    """Return None, as the `boxes` or `eyes` of an archive that carries none."""
    del root, path


def upright(path: str) -> int:
    """Return 0, as the `rotation` of an archive none of whose videos is known to be stored turned without saying so."""
    del path
    return 0


def write_numbers(path: Path, rows: dict[int, tuple[float, ...]], separator: str, first: int) -> None:
    """Write a sidecar that `read_numbers` reads: `rows` by frame from 0, numbered in the file from `first`."""
    lines = [separator.join(map(str, (frame + first, *values))) for frame, values in sorted(rows.items())]
    write_text(path, "".join(line + "\n" for line in lines))


def beside(path: str, suffix: str) -> str:
    """Return a relative video path with another suffix."""
    return PurePosixPath(path).with_suffix(suffix).as_posix()
