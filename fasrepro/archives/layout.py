"""What the archives' modules share: presentations, readings, and sidecars of boxes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from fasrepro.files import write_text
from fasrepro.rows.faces import SPLITS, Label

Box = tuple[int, int, int, int]  # x, y, width, height in pixels of the frame
Eyes = tuple[float, float, float, float]  # x, y of the eye at the left of the picture, then of the other, in pixels of the frame

VIDEOS = (".mp4", ".mov", ".avi")
STILLS = (".jpg", ".png")
BOXES_FOLDER = "face-locations"
WHOLE: Box = (0, 0, 10**6, 10**6)  # of a picture that is a crop of a face already; to be clipped to the picture
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
    official: str = ""  # its path in the official layout, where that differs from `path` by more than the suffix

    @property
    def id(self) -> str:
        """The presentation's name in all tables: data set and official path without suffix."""
        return f"{self.dataset}/{with_suffix(self.official or self.path, '')}"


@dataclasses.dataclass(frozen=True, slots=True)
class Exclusion:
    """A file of an archive, or one that a list names, that gives no face, and the reason.

    Args:
        path: relative to the archive's folder.
        reason: why it gives none.
        by_design: whether the official archive holds such files, so that they are no sign of a broken copy.
    """

    path: str
    reason: str
    by_design: bool = False

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"


@dataclasses.dataclass(frozen=True, slots=True)
class MediaFile:
    """One of the files that show a presentation which does not lie as an official video.

    Args:
        path: of a picture or a video, relative to the archive's folder.
        frame: number of the picture in its video, or of the frame of a video that is to be taken; None where it is not known.
        box: of the face; `WHOLE` for a crop, None where it is not known.
    """

    path: str
    frame: int | None
    box: Box | None


@dataclasses.dataclass(frozen=True, slots=True)
class Reading:
    """What was read of an archive.

    Args:
        presentations: sorted by path.
        exclusions: files that give no face.
        notices: about what the archive lacks and can do without.
        files: of each presentation, by id, where crops or a manifest stand in for the official videos; else empty.
        splits: that such a copy has.
    """

    presentations: list[Presentation]
    exclusions: list[Exclusion]
    notices: list[str] = dataclasses.field(default_factory=list)
    files: dict[str, list[MediaFile]] = dataclasses.field(default_factory=dict)
    splits: tuple[str, ...] = SPLITS


def remedy_if_absent(name: str) -> str:
    """Return the remedy for a data set whose folder is absent."""
    return f"put the official tree there, or remove {name} from archives.datasets in params.yaml"


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


def rotation_unknown(path: str) -> None:
    """Return None: the `rotation` of an archive of which nobody says how its videos are stored."""
    del path


def write_numbers(path: Path, rows: dict[int, tuple[float, ...]], separator: str, first: int) -> None:
    """Write a sidecar that `read_numbers` reads: `rows` by frame from 0, numbered in the file from `first`."""
    lines = [separator.join(map(str, (frame + first, *values))) for frame, values in sorted(rows.items())]
    write_text(path, "".join(line + "\n" for line in lines))


def suffix_of(path: str) -> str:
    """Return the suffix of a relative path with its dot, "" for none. As pathlib has it, and ten times as fast."""
    name = path.rpartition("/")[2]
    dot = name.rfind(".")
    return name[dot:] if 0 < dot < len(name) - 1 else ""


def with_suffix(path: str, suffix: str) -> str:
    """Return a relative path with another suffix, or with none for ""."""
    own = suffix_of(path)
    return f"{path[: -len(own)] if own else path}{suffix}"
