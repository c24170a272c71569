"""What the four archives have in common: presentations, readings, sidecars of boxes, and the walk through a tree.

Each archive's own module holds its codec of file names, its reader and its writer; `fasrepro.archives.ARCHIVES` lists them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from fasrepro.provenance import write_text
from fasrepro.records import Label

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame


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
    exclusion. `sidecar` is the suffix of the boxes' files; `known` are further files of the layout (split lists, notes).
    """
    presentations: list[Presentation] = []
    exclusions: list[Exclusion] = []
    for path in files(root):
        suffix = PurePosixPath(path).suffix.lower()
        if path in known or (sidecar is not None and suffix == sidecar):
            continue
        if suffix not in suffixes:
            exclusions.append(Exclusion(path, "no file of this archive's layout"))
            continue
        try:
            found = present(path)
        except UnknownName as error:
            found = Exclusion(path, str(error))
        (presentations if isinstance(found, Presentation) else exclusions).append(found)
    return Reading(presentations, exclusions)


def read_lines(path: Path, what: str) -> list[str]:
    """Return the lines of a split list that are not blank, stripped; raises `ArchiveError` where it is missing."""
    if not path.is_file():
        raise ArchiveError(f"{path}: missing {what}; the official archive carries it: put it back")
    lines = [line.strip() for line in path.read_text(encoding="utf-8").splitlines()]
    return [line for line in lines if line]


def read_numbers(path: Path, separator: str | None, columns: int) -> dict[int, tuple[int, ...]] | None:
    """Read a sidecar: one line a frame, its number and then at least `columns` numbers; None where there is no file.

    Frames are numbered from 0 in some files and from 1 in others: a file without a frame 0 is taken to start from 1.
    Returns frame (from 0) -> its first `columns` numbers. Raises `ArchiveError` naming file and line.
    """
    if not path.is_file():
        return None
    rows: dict[int, tuple[int, ...]] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").splitlines(), start=1):
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


def write_numbers(path: Path, rows: dict[int, tuple[int, ...]], separator: str, first: int) -> None:
    """Write a sidecar that `read_numbers` reads: `rows` by frame from 0, numbered in the file from `first`."""
    lines = [separator.join(map(str, (frame + first, *values))) for frame, values in sorted(rows.items())]
    write_text(path, "".join(line + "\n" for line in lines))


def beside(path: str, suffix: str) -> str:
    """Return a relative video path with another suffix."""
    return PurePosixPath(path).with_suffix(suffix).as_posix()
