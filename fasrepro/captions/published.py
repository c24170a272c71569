"""Captions that others published, such as paper 1's (`DescriptiveFAS/MCIO_public`), joined to the faces of the archives at hand.

Such a table has no pictures. A row names a video by its source and directory, and says whether it is an attack. Each video has
two rows, in the order of their ids for its two frames. Which of the two texts was written for which frame was drawn by chance
when they were published, so a pair is *ambiguous* unless both texts are the same.

Columns: `id`, `source`, `original_dir`, `spoof` (0 live, 1 spoof), `gpt_caption_holistic`, and if it is there `prompt`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from fasrepro import hashing
from fasrepro.captions import checks, report
from fasrepro.captions.styles import OF_LABEL, VERDICTS, Style
from fasrepro.llm.types import Rejected
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label

MODEL = "published"
TEXT = "gpt_caption_holistic"
NEEDED = ("id", "source", "original_dir", "spoof", TEXT)
OPTIONAL = ("prompt",)
AMBIGUOUS = "frame-ambiguous"  # ends the prompt version of a caption that may be about the video's other frame
SHOWN = 5  # left-out rows that a notice names
_HUB = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


class PublishedError(ValueError):
    """A table of published captions that cannot be read or joined; the message names it, the row and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One published caption. `place` names its row in messages."""

    place: str
    id: str
    source: str
    directory: str
    label: Label
    text: str
    prompt: str


def _stem(presentation: PurePosixPath) -> str:
    return presentation.name


def _casia(presentation: PurePosixPath) -> str:
    quality = "" if presentation.name.startswith("HR_") else "NM_"
    return f"{presentation.parent.name}_{quality}{presentation.name}"


def _replay(presentation: PurePosixPath) -> str:
    return f"{presentation.parent.name}_{presentation.name}"  # real, fixed or hand


# The table's name of a source -> the data set, and the table's name of a presentation by its id.
SOURCES: dict[str, tuple[str, Callable[[PurePosixPath], str]]] = {
    "MSU-MFSD": ("msu", _stem),
    "CASIA": ("casia", _casia),
    "IDIAP": ("replay", _replay),
    "OULU-NPU": ("oulu", _stem),
}


def read(table: str, config: str = "", revision: str = "") -> list[Row]:
    """Return the rows of a table of published captions, in its order.

    Args:
        table: a Parquet file, a folder of Parquet files, a folder that is a `datasets` repository (with `config`), or a
            repository of the Hugging Face hub, as "owner/name".
        config: of a `datasets` repository; "" for one that has a single one.
        revision: of a repository of the hub, and of no other: a commit, because its captions could change between two runs.

    Raises:
        PublishedError: the table is missing or no table, lacks a column, or has a row that cannot be.
    """
    path = Path(table).expanduser()
    if revision and path.exists():
        raise PublishedError(f"{table}: a file or folder here has no `revision`; remove it, or name a repository of the hub")
    if path.is_file():
        columns = _of_parquet([path])
    elif path.is_dir() and not config:
        columns = _of_parquet(sorted(path.rglob("*.parquet")) or _none_in(path))
    elif path.is_dir():
        columns = _of_datasets(str(path), config, "")
    elif not _HUB.fullmatch(table):
        raise PublishedError(f"{table}: no such file or folder; a repository of the hub is named as owner/name")
    elif not revision:
        raise PublishedError(f"{table}: name the commit of this repository in `revision`, so that the same captions come again")
    else:
        columns = _of_datasets(table, config, revision)
    return [_row(f"{table}, row {number}", values) for number, values in enumerate(columns)]


def _none_in(folder: Path) -> list[Path]:
    raise PublishedError(f"{folder}: no Parquet file in this folder; name the file, or the folder that holds it")


def _of_parquet(paths: Sequence[Path]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for path in paths:
        try:
            with pq.ParquetFile(path) as file:
                rows += file.read(_columns(str(path), file.schema_arrow.names)).to_pylist()
        except (pa.ArrowException, OSError) as error:
            raise PublishedError(f"{path}: not a readable Parquet file ({error}); fetch it again") from None
    return rows


def _of_datasets(table: str, config: str, revision: str) -> list[dict[str, Any]]:
    """Return the rows of a repository's split `train`, streamed: nothing is kept in the library's cache."""
    try:
        import datasets  # here, because it takes a second and nothing else needs it
    except ImportError:
        raise PublishedError(f"{table}: a repository is read with `datasets`: pip install 'datasets>=5.2,<6'") from None
    try:
        rows = datasets.load_dataset(table, config or None, split="train", revision=revision or None, streaming=True)
        return list(rows.select_columns(_columns(table, rows.column_names or ())))
    except PublishedError:
        raise
    except (ValueError, OSError, datasets.exceptions.DatasetsError) as error:
        raise PublishedError(f"{table}: {error}; check `table`, `config` and `revision`, and the network") from None


def _columns(where: str, names: Collection[str]) -> list[str]:
    """Return the columns to read. Raises `PublishedError` where one is missing."""
    missing = [name for name in NEEDED if name not in names]
    if missing:
        raise PublishedError(f"{where}: no column {', '.join(missing)} among {', '.join(names)}; name a table of captions")
    return [*NEEDED, *(name for name in OPTIONAL if name in names)]


def _row(place: str, values: Mapping[str, Any]) -> Row:
    """Return a row. Raises `PublishedError` for one that cannot be."""
    for name in ("source", "original_dir", TEXT):
        if not isinstance(values[name], str):
            raise PublishedError(f"{place}: {name} is {values[name]!r}, not text; mend the table")
    if values["spoof"] not in (0, 1):
        raise PublishedError(f"{place}: spoof is {values['spoof']!r}, neither 0 (live) nor 1 (spoof); mend the table")
    return Row(
        place=place,
        id=str(values["id"]),
        source=values["source"],
        directory=PurePosixPath(values["original_dir"].replace("\\", "/")).name,
        label=Label(values["spoof"]),
        text=values[TEXT],
        prompt=values.get("prompt") or "",
    )


@dataclasses.dataclass
class _Account:
    """What became of rows: captions, rows without a face, texts that are no captions; each by reason, with their rows."""

    captions: list[Caption] = dataclasses.field(default_factory=list)
    not_joined: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    left_out: dict[str, list[str]] = dataclasses.field(default_factory=dict)
    verdicts_added: int = 0

    @staticmethod
    def omit(reasons: dict[str, list[str]], reason: str, rows: Iterable[Row]) -> None:
        """Note rows that give no caption, under a reason."""
        places = [row.place for row in rows]
        if places:
            reasons.setdefault(reason, []).extend(places)


def join(
    rows: Sequence[Row],
    faces: Collection[Face],
    style: Style,
    *,
    edits: Mapping[str, Caption] | None = None,
    present: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[Caption], dict[str, Any], list[str]]:
    """Give each row the face that it is about, by source, directory and label.

    The rows of a video go to its faces in order. A text without the style's sentence of the verdict gets that of its label,
    which its author was told. Where the frame is ambiguous, the caption's `prompt_version` ends with `AMBIGUOUS`. Its
    `request_key` is the row's id.

    Args:
        rows: published captions.
        faces: that may get one.
        style: in whose form the texts must be.
        edits: people's captions by face_id, which win over published ones.
        present: the cues visible in each face's crop, by face_id, for the report; None where no truth is known.

    Returns:
        The captions by face_id; a report, as of `annotate.annotate`, with an entry "published"; notices on rows that gave none.

    Raises:
        PublishedError: no row gives a caption.
    """
    by_id = {face.face_id: face for face in faces}
    faces_by_video = _faces_by_video(faces)
    account = _Account()
    for (source, directory), group in _rows_by_video(rows).items():
        if source not in SOURCES:
            account.omit(account.not_joined, f"unknown source {source!r}", group)
        elif not any(known == source for known, _ in faces_by_video):
            account.omit(account.not_joined, f"no train faces of {source}", group)
        else:
            _join_video(account, group, faces_by_video.get((source, directory), []), style)
    notices = [*_notices("have no face here", account.not_joined), *_notices("are no captions of this style", account.left_out)]
    if not account.captions:
        raise PublishedError(f"none of {len(rows)} published captions can be used: {'; '.join(notices) or 'the table is empty'}")
    by_face = {caption.face_id: caption for caption in account.captions} | dict(edits or {})
    captions = [by_face[face_id] for face_id in sorted(by_face)]
    figures = report.summary(captions, {}, {}, by_id) | report.breakdown(captions, {}, by_id, present)
    return captions, figures | _report(account, rows, style), notices


def _report(account: _Account, rows: Sequence[Row], style: Style) -> dict[str, Any]:
    texts = [[row.id, row.source, row.directory, int(row.label), row.text] for row in rows]
    return {
        "style": style.name,
        "prompt_version": f"{style.name}-{MODEL}",
        "model": MODEL,
        "label_aware": True,
        "published": {
            "rows": len(rows),
            "rows_sha256": hashing.sha256_json(texts),
            "frame_ambiguous": sum(is_ambiguous(caption) for caption in account.captions),
            "verdicts_added": account.verdicts_added,
            "not_joined": {reason: len(places) for reason, places in sorted(account.not_joined.items())},
            "left_out": {reason: len(places) for reason, places in sorted(account.left_out.items())},
        },
    }


def is_ambiguous(caption: Caption) -> bool:
    """Return whether a published caption may be about the other frame of its video."""
    return caption.prompt_version.endswith(AMBIGUOUS)


def _rows_by_video(rows: Iterable[Row]) -> dict[tuple[str, str], list[Row]]:
    """Return the rows of each video, by source and directory, in the order of their ids."""
    videos: dict[tuple[str, str], list[Row]] = {}
    for row in sorted(rows, key=lambda row: _natural(row.id)):
        videos.setdefault((row.source, row.directory), []).append(row)
    return videos


def _natural(name: str) -> list[tuple[bool, int, str]]:
    """Return a key by which the numbers in a name are ordered by value."""
    parts = re.split(r"(\d+)", name)
    return [(part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts]


def _faces_by_video(faces: Iterable[Face]) -> dict[tuple[str, str], list[Face]]:
    """Return the faces of each video, by a table's names of source and directory, in the order of frames."""
    sources = {dataset: (source, directory_of) for source, (dataset, directory_of) in SOURCES.items()}
    videos: dict[tuple[str, str], list[Face]] = {}
    for face in sorted(faces, key=lambda face: (face.presentation, face.frame)):
        if face.dataset in sources:
            source, directory_of = sources[face.dataset]
            videos.setdefault((source, directory_of(PurePosixPath(face.presentation))), []).append(face)
    return videos


def _join_video(account: _Account, rows: Sequence[Row], faces: Sequence[Face], style: Style) -> None:
    """Give the rows of a video its faces, in order, and note those that get none."""
    if not faces:
        account.omit(account.not_joined, "no train video of that name", rows)
        return
    agreeing = [row for row in rows if row.label == faces[0].label]
    account.omit(account.not_joined, "the archive has another label", [row for row in rows if row not in agreeing])
    account.omit(account.not_joined, "more captions than faces of the video", agreeing[len(faces) :])
    ambiguous = len(agreeing) == 1 or len({row.text for row in agreeing}) > 1
    for row, face in zip(agreeing, faces, strict=False):
        try:
            text, verdict, added = _accepted(row, style)
        except Rejected as problem:
            account.omit(account.left_out, problem.code, [row])
            continue
        version = f"{style.name}-{MODEL}-{hashing.sha256_json(row.prompt)[:8]}"
        account.verdicts_added += added
        account.captions.append(
            Caption(
                face_id=face.face_id,
                style=style.name,
                text=text,
                verdict=verdict,
                prompt_version=f"{version}-{AMBIGUOUS}" if ambiguous else version,
                model=MODEL,
                label_aware=True,
                attempts=1,
                request_key=row.id,
            )
        )


def _accepted(row: Row, style: Style) -> tuple[str, Verdict, bool]:
    """Return the clean text of a caption, its verdict, and whether the sentence of the verdict was added. Raises `Rejected`."""
    label = row.label if style.concludes else None
    try:
        return *checks.accept(style, row.text, "stop", label), False
    except Rejected as problem:
        if problem.code != "no verdict":
            raise
    return *checks.accept(style, f"{row.text.rstrip()} {VERDICTS[OF_LABEL[row.label]]}", "stop", label), True


def _notices(fault: str, reasons: Mapping[str, list[str]]) -> list[str]:
    lines = []
    for reason, places in sorted(reasons.items()):
        more = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        lines.append(f"{len(places)} published captions {fault} ({reason}): {', '.join(places[:SHOWN])}{more}")
    return lines
