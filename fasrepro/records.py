"""The rows that the stages hand to each other, checked where they are written and where they are read.

`face_id` joins all of them: ``<data set>/<presentation>#<frame>``, for example
``msu/attack/attack_client001_android_SD_ipad_video_scene01#0020``. A table is a parquet file of one row type.
"""

from __future__ import annotations

import dataclasses
import enum
import typing
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.parquet as pq

from fasrepro import masks, provenance


class RecordError(ValueError):
    """A row or a table that breaks its schema; the message names the file, the row and what to do."""


class Label(enum.IntEnum):
    """The one polarity of this project (ISO/IEC 30107-3 words): an attack is the positive class."""

    BONA_FIDE = 0
    ATTACK = 1


class Verdict(enum.StrEnum):
    """What a reader makes of an explanation."""

    BONA_FIDE = "bona_fide"
    ATTACK = "attack"
    UNDECIDED = "undecided"


BONA_FIDE_SPECIES = "bona_fide"
DATASETS = {"msu": "MSU-MFSD", "casia": "CASIA-FASD", "replay": "Replay-Attack", "oulu": "OULU-NPU", "siw": "SiW-Mv2"}
SPLITS = ("train", "dev", "test")
BOX_SOURCES = ("sidecar", "detector", "centre")


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise RecordError(message)


def face_id(presentation: str, frame: int) -> str:
    """Return the id that joins all tables: `presentation` (with its data set) and the frame's number, from 0."""
    return f"{presentation}#{frame:04d}"


@dataclasses.dataclass(frozen=True, slots=True)
class Face:
    """One frame of one presentation, and the crop of its face."""

    face_id: str
    dataset: str
    split: str
    subject: str
    presentation: str
    frame: int
    label: Label
    species: str  # PAI species; "bona_fide" for a live face
    instrument: str  # the archive's own word for the attack ("ipad_video"); "" for a live face
    camera: str
    box: tuple[int, ...]  # x, y, width, height in pixels of the frame
    box_source: str
    crop: str  # its name: see fasrepro.crops
    crop_sha256: str  # of the decoded pixels: see provenance.pixel_hash

    def check(self) -> None:
        _require(self.dataset in DATASETS, f"{self.face_id}: data set {self.dataset!r} is none of {list(DATASETS)}")
        _require(self.split in SPLITS, f"{self.face_id}: split {self.split!r} is none of {list(SPLITS)}")
        _require(self.box_source in BOX_SOURCES, f"{self.face_id}: box source {self.box_source!r} is none of {list(BOX_SOURCES)}")
        _require(
            self.face_id == face_id(self.presentation, self.frame), f"{self.face_id}: id does not name presentation and frame"
        )
        _require(
            (self.label is Label.BONA_FIDE) == (self.species == BONA_FIDE_SPECIES),
            f"{self.face_id}: label {self.label.name} does not go with species {self.species!r}",
        )
        _require(len(self.box) == 4 and self.box[2] > 0 and self.box[3] > 0, f"{self.face_id}: box {self.box} is empty")


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """What is known of a synthetic frame because it was drawn. No training or prediction code reads it.

    A cue is there if the frame differs from the same frame without it after camera and codec, and its face's crop shows that.
    """

    face_id: str
    cues: tuple[str, ...]  # names in cues.CUES that are there, look-alikes excluded
    strengths: tuple[float, ...]  # in (0, 1], one a cue
    masks: tuple[str, ...]  # one a cue: the cells of the frame that it changes, as masks.encode_mask writes them
    faint: tuple[str, ...]  # cues that were drawn but did not survive camera, codec and crop
    look_alikes: tuple[str, ...]  # cues that something harmless in the scene resembles
    attributes: str  # JSON object of words: skin_tone, hair, glasses, light, background, ...

    def check(self) -> None:
        _require(
            len(self.cues) == len(self.strengths) == len(self.masks),
            f"{self.face_id}: cues, strengths and masks differ in number",
        )
        _require(all(0 < s <= 1 for s in self.strengths), f"{self.face_id}: a strength lies outside (0, 1]")
        _require(not set(self.cues) & set(self.faint), f"{self.face_id}: a cue is both there and faint: {self.faint}")
        for name, mask in zip(self.cues, self.masks, strict=True):
            _require(masks.is_mask(mask), f"{self.face_id}: the mask of {name} is none, like 60x45:100,3,2597: {mask[:60]!r}")


@dataclasses.dataclass(frozen=True, slots=True)
class Caption:
    """An annotator's text about one face, in one style."""

    face_id: str
    style: str
    text: str
    verdict: Verdict
    prompt_version: str
    model: str
    label_aware: bool
    attempts: int  # replies and errors up to and with the one that was kept
    request_key: str  # of the reply in the store

    def check(self) -> None:
        _require(bool(self.text.strip()), f"{self.face_id}: empty {self.style} caption")
        _require(self.attempts >= 1, f"{self.face_id}: a caption needs at least one attempt")


@dataclasses.dataclass(frozen=True, slots=True)
class TrainRow:
    """One face as a training job sees it; no caption (empty style and text) means classification alone."""

    face_id: str
    dataset: str
    species: str
    label: Label
    crop: str
    crop_sha256: str
    style: str
    caption: str

    def check(self) -> None:
        _require(bool(self.style) == bool(self.caption), f"{self.face_id}: style and caption must come together")


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """How much a model takes a face for an attack."""

    protocol: str
    run: str
    seed: int
    face_id: str
    p_attack: float

    def check(self) -> None:
        _require(0.0 <= self.p_attack <= 1.0, f"{self.face_id}: p_attack {self.p_attack} is not in [0, 1]")


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """What a model wrote about a face (greedy); `tokens` counts up to and with the end of the text."""

    protocol: str
    run: str
    seed: int
    face_id: str
    text: str
    tokens: int
    finished: bool  # False: cut at the token limit

    def check(self) -> None:
        _require(self.tokens >= 0, f"{self.face_id}: negative token count")


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """A reader's verdict on an explanation."""

    protocol: str
    run: str
    seed: int
    face_id: str
    reader: str
    verdict: Verdict

    def check(self) -> None:
        _require(bool(self.reader), f"{self.face_id}: a judgement without a reader")


Row = TypeVar("Row", Face, Truth, Caption, TrainRow, Score, Explanation, Judgement)
KEYS: dict[type, tuple[str, ...]] = {
    Face: ("face_id",),
    Truth: ("face_id",),
    Caption: ("face_id", "style"),
    TrainRow: ("face_id",),
    Score: ("protocol", "run", "seed", "face_id"),
    Explanation: ("protocol", "run", "seed", "face_id"),
    Judgement: ("protocol", "run", "seed", "face_id", "reader"),
}

_ARROW: dict[type, pa.DataType] = {str: pa.string(), int: pa.int64(), float: pa.float64(), bool: pa.bool_()}


def _arrow_type(hint: Any) -> pa.DataType:
    if typing.get_origin(hint) is tuple:
        return pa.list_(_arrow_type(typing.get_args(hint)[0]))
    if issubclass(hint, enum.IntEnum):
        return pa.int64()
    return pa.string() if issubclass(hint, enum.StrEnum) else _ARROW[hint]


def _reader(hint: Any) -> Callable[[Any], Any]:
    """What turns a value of a parquet column back into the field's type."""
    if typing.get_origin(hint) is tuple:
        return tuple
    return hint if issubclass(hint, enum.Enum) else (lambda value: value)


def schema(row_type: type[Row]) -> pa.Schema:
    """Return the parquet schema that `row_type`'s fields define."""
    hints = typing.get_type_hints(row_type)
    return pa.schema([pa.field(f.name, _arrow_type(hints[f.name]), nullable=False) for f in dataclasses.fields(row_type)])


def check_rows(rows: Iterable[Row], where: str) -> None:
    """Check each row and that keys are unique; raise `RecordError` naming `where`, the row's number and its fault."""
    seen: set[tuple[Any, ...]] = set()
    for number, row in enumerate(rows):
        try:
            row.check()
        except RecordError as error:
            raise RecordError(f"{where}, row {number}: {error}") from None
        key = tuple(getattr(row, name) for name in KEYS[type(row)])
        _require(key not in seen, f"{where}, row {number}: {key} stands twice")
        seen.add(key)


def write(path: Path, rows: list[Row], row_type: type[Row]) -> None:
    """Write `rows`, sorted by key, to the parquet file `path`: checked first, under a temporary name, then renamed."""
    rows = sorted(rows, key=lambda row: tuple(getattr(row, name) for name in KEYS[row_type]))
    check_rows(rows, str(path))
    columns = {f.name: [getattr(row, f.name) for row in rows] for f in dataclasses.fields(row_type)}
    table = pa.table(columns, schema=schema(row_type))
    with provenance.replaced(path) as temporary:
        pq.write_table(table, temporary)


def read(path: Path, row_type: type[Row]) -> list[Row]:
    """Read a table of `row_type`. Raises `RecordError` if the file is missing, no parquet, or breaks the schema."""
    if not path.is_file():
        raise RecordError(f"{path}: no such table; `dvc repro` makes it")
    try:
        table = pq.read_table(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise RecordError(f"{path}: not a readable parquet file ({error}); delete it and run `dvc repro`") from None
    expected = schema(row_type)
    if not table.schema.equals(expected):
        found = {f.name: str(f.type) for f in table.schema}
        wanted = {f.name: str(f.type) for f in expected}
        differing = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise RecordError(f"{path}: not a table of {row_type.__name__}; columns that differ: {differing}")
    hints = typing.get_type_hints(row_type)
    columns = [
        [_reader(hints[f.name])(value) for value in table.column(f.name).to_pylist()] for f in dataclasses.fields(row_type)
    ]
    rows = [row_type(*values) for values in zip(*columns, strict=True)]
    check_rows(rows, str(path))
    return rows
