"""What the archives' modules share: presentations, readings, sidecars of boxes, and the walk through a tree."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable
from pathlib import Path, PurePosixPath

from fasrepro.files import write_text
from fasrepro.rows.faces import Label

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame
Eyes = tuple[float, float, float, float]  # x, y of the eye at the left of the picture, then of the other, in pixels of the frame

BOXES_FOLDER = "face-locations"
PUT_BACK = "the official archive carries it: put it back"  # the remedy for a missing file


class ArchiveError(ValueError):
    """An archive that cannot be read as its official layout; the message names the file and the remedy."""


class UnknownName(ArchiveError):  # noqa: N818 - the name is unknown
    """A file name that the archive's codec does not know."""


@dataclasses.dataclass(frozen=True, slots=True)
class Presentation:
    """One video of an archive, with all that its official name and split tell."""

    dataset: str
    path: str  # of the video, relative to the archive's folder, with its suffix, in POSIX form
    split: str  # the official one: train, dev or test
    subject: str  # with its data set: "msu/client001"
    label: Label
    species: str
    instrument: str  # the archive's own word for the attack; "" for a bona fide face
    camera: str

    @property
    def id(self) -> str:
        """The presentation's name in all tables: data set and path without suffix."""
        return f"{self.dataset}/{PurePosixPath(self.path).with_suffix('')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Exclusion:
    """A file of an archive, or one that a list names, that gives no face, and the reason."""

    path: str
    reason: str


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """An archive's presentations, sorted by path, and its excluded files."""

    presentations: list[Presentation]
    exclusions: list[Exclusion]


def remedy_if_absent(name: str) -> str:
    """Return the remedy for a data set whose folder is absent."""
    return f"put the official tree there, or remove {name} from archives.datasets in params.yaml"


def files(root: Path) -> list[str]:
    """Return all files under `root` as sorted relative POSIX paths. Raises `ArchiveError` if the folder is missing."""
    if not root.is_dir():
        raise ArchiveError(f"{root}: no such folder; put the archive's official tree there")
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def read_tree(
    root: Path,
    interpret: Callable[[str], Presentation | Exclusion],
    suffixes: tuple[str, ...],
    sidecar: str | None,
    other_files: Iterable[str] = (),
) -> Reading:
    """Walk `root` and return a presentation for each video, and an exclusion for each file that is not part of the layout.

    Args:
        root: the archive's folder.
        interpret: returns the presentation of a video's relative path, or the reason why it is none. It may raise `UnknownName`,
            which becomes an exclusion. It gets the path with its suffix in lower case, because copies between systems change
            that; the presentation keeps the path on disk.
        suffixes: of videos.
        sidecar: suffix of the files that hold boxes.
        other_files: further files of the layout (split lists, notes).
    """
    presentations: list[Presentation] = []
    exclusions: list[Exclusion] = []
    path_of: dict[str, str] = {}
    for path in files(root):
        suffix = PurePosixPath(path).suffix.lower()
        if path in other_files or (sidecar is not None and suffix == sidecar):
            continue
        if suffix not in suffixes:
            exclusions.append(Exclusion(path, "not a file of this archive's layout"))
            continue
        try:
            video = interpret(with_suffix(path, suffix))
        except UnknownName as error:
            video = Exclusion(path, str(error))
        if isinstance(video, Presentation) and path_of.setdefault(video.id, path) != path:
            video = Exclusion(path, f"{video.id} is {path_of[video.id]} already")
        if isinstance(video, Presentation):
            presentations.append(dataclasses.replace(video, path=path))
        else:
            exclusions.append(Exclusion(path, video.reason))
    return Reading(presentations, exclusions)


def read_lines(path: Path, what: str, remedy: str) -> list[tuple[int, str]]:
    """Return the lines of a split list that are not blank, stripped, each with its number in the file, from 1.

    Raises:
        ArchiveError: the list is missing (the message ends with `remedy`) or is not UTF-8 text.
    """
    if not path.is_file():
        raise ArchiveError(f"{path}: missing {what}; {remedy}")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{path}: not UTF-8 text at byte {error.start}; restore the official {what}") from None
    return [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]


def read_numbers(path: Path, separator: str | None, columns: int) -> dict[int, tuple[int, ...]] | None:
    """Read a sidecar: each line holds a frame's number and then at least `columns` numbers.

    Some files number frames from 0, others from 1: a file without a frame 0 is read as starting from 1. The suffix may also be in
    capitals, as copies between systems leave it.

    Returns:
        Frame (from 0) -> its first `columns` numbers; None if there is no file.

    Raises:
        ArchiveError: naming file and line.
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


def read_boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame -> face box from a video's .face file: lines of frame, x, y, width, height. None if there is no file.

    The packages bob.db.replay and bob.db.casia_fasd keep these files in a tree of their own, `BOXES_FOLDER`; a file beside its
    video is read too. Frames with an empty box have no face.
    """
    sidecar = with_suffix(path, ".face")
    rows = read_numbers(root / BOXES_FOLDER / sidecar, None, 4)
    rows = read_numbers(root / sidecar, None, 4) if rows is None else rows
    if rows is None:
        return None
    return {frame: (x, y, w, h) for frame, (x, y, w, h) in rows.items() if w > 0 and h > 0}


def read_eyes(path: Path, separator: str, before: int) -> dict[int, Eyes] | None:
    """Return frame (from 0) -> eyes from a sidecar; None if there is no file.

    Archives differ in which eye comes first, so the eye further left in the picture is put first.

    Args:
        path: of the sidecar.
        separator: between the numbers of a line.
        before: how many numbers of a line stand between the frame's number and the eyes.
    """
    rows = read_numbers(path, separator, before + 4)
    if rows is None:
        return None
    points = {frame: sorted([(row[before], row[before + 1]), (row[before + 2], row[before + 3])]) for frame, row in rows.items()}
    return {frame: (*left, *right) for frame, (left, right) in points.items()}


def not_carried(root: Path, path: str) -> None:
    """Return None: the `boxes` or `eyes` of an archive that carries none."""
    del root, path


def upright(path: str) -> int:
    """Return 0: the `rotation` of an archive none of whose videos is known to be stored turned without saying so."""
    del path
    return 0


def write_numbers(path: Path, rows: dict[int, tuple[float, ...]], separator: str, first: int) -> None:
    """Write a sidecar that `read_numbers` reads: `rows` by frame from 0, numbered in the file from `first`."""
    lines = [separator.join(map(str, (frame + first, *values))) for frame, values in sorted(rows.items())]
    write_text(path, "".join(line + "\n" for line in lines))


def with_suffix(path: str, suffix: str) -> str:
    """Return a relative video path with another suffix."""
    return PurePosixPath(path).with_suffix(suffix).as_posix()
