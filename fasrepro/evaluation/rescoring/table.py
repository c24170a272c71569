"""Anybody's scores, as checked columns of numbers. Ten million rows take half a gigabyte.

Required columns: `split` (dev or test; or each is a file of its own), `label`, `score`. Optional ones: `video` (scores are
averaged over its frames; without it `path`, and without that every row is a video), `subject` (the bootstrap resamples subjects;
without it, videos), `species` of an attack, `dataset`, `seed` (of several trainings), `frame` and `path` (no two rows of a
training have the same). With a column `dataset`, names of videos and subjects are unique within a data set only.

A label is a word, or 0 for bona fide and 1 for an attack, unless an option says which label is live. A score is any finite
number.
"""

from __future__ import annotations

import contextlib
import dataclasses
import math
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fasrepro import names
from fasrepro.evaluation import metrics
from fasrepro.evaluation.rescoring import layouts, source
from fasrepro.evaluation.rescoring.layouts import Columns, Reading
from fasrepro.evaluation.rescoring.source import ScoresError, is_number

SPLITS = ("dev", "test")
LARGEST = 1e300  # absolute: the middle of two scores, and the sum of a video's scores, stay finite
LIVE_LISTS = "1 is live in the lists of FLIP, SSDG, CDCN and the challenges, and +1 in OULU-NPU's and bob's"


@dataclasses.dataclass(frozen=True)
class Input:
    """A file to read, "-" for standard input, and its split; None where a column says it."""

    path: str
    split: str | None = None


@dataclasses.dataclass(frozen=True)
class Origin:
    """What was read: the file's name in messages, the SHA-256 of its bytes, the columns not used, and what its layout says."""

    name: str
    sha256: str
    unused: tuple[str, ...]
    higher_is_bona_fide: bool


@dataclasses.dataclass(frozen=True)
class Texts:
    """A column of text: distinct values in order, and each row's place among them (rows,)."""

    values: pa.Array
    codes: np.ndarray

    def __getitem__(self, row: int) -> str:
        """Return the text of one row."""
        return self.values[int(self.codes[row])].as_py()


@dataclasses.dataclass(frozen=True)
class Table:
    """The checked rows of all files, in their order. All arrays are (rows,).

    Args:
        origins: the files.
        origin: which of them a row is of.
        numbers: of the row in its file.
        splits: places in `SPLITS`.
        labels: 0 bona fide, 1 attack.
        scores: as in the file.
        texts: the optional columns that the files have; an empty one is a row's own where its file lacks the column.
        numeric_labels: whether labels were 0 and 1, and no option said which is live.
    """

    origins: list[Origin]
    origin: np.ndarray
    numbers: np.ndarray
    splits: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    texts: dict[str, Texts]
    numeric_labels: bool

    @property
    def where(self) -> str:
        """The names of the files."""
        return " and ".join(dict.fromkeys(origin.name for origin in self.origins))

    def place(self, row: int) -> str:
        """Return the file and number of a row."""
        return f"{self.origins[self.origin[row]].name}, row {self.numbers[row]}"

    def codes(self, column: str) -> np.ndarray:
        """Return the codes of a text column; zeros without it."""
        return self.texts[column].codes if column in self.texts else np.zeros(len(self.labels), np.int32)

    def values(self, column: str) -> list[str]:
        """Return the distinct texts of a column, in the order of its codes; one empty text without it."""
        return self.texts[column].values.to_pylist() if column in self.texts else [""]

    def frame_numbers(self) -> np.ndarray | None:
        """Return each row's frame as a number, (rows,); None without a column frame, or where one is no number."""
        frames = self.values("frame")
        if not all(is_number(frame) and math.isfinite(float(frame)) for frame in frames):
            return None
        return np.array(frames, float)[self.codes("frame")]

    def videos(self) -> np.ndarray:
        """Return a number for each row's video, the same for all of its rows; in the order of data sets and names."""
        name = "video" if "video" in self.texts else "path"
        own = self.codes(name) if name in self.texts else np.arange(len(self.labels))
        return pair_codes(self.codes("dataset"), own)


def pair_codes(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return one number for each pair of two codes, in the order of the pairs."""
    return first.astype(np.int64) * (int(second.max(initial=0)) + 1) + second


def read(inputs: Sequence[Input], reading: Reading) -> Table:
    """Read and check files. Raises `ScoresError` naming file, row, column and remedy."""
    parts, origins = [], []
    with contextlib.ExitStack() as stack:
        sources = [stack.enter_context(source.opened(one.path)) for one in inputs]
        layouts.check_ignored(sources, reading)
        for number, (one, file) in enumerate(zip(inputs, sources, strict=True)):
            layout, blocks = layouts.read(file, reading, one.split is not None)
            labels = LabelReader(reading.label_live, layout.listed)
            parts += [
                _part(file.name, number, block.numbers, layout.rename(block.columns), one.split, labels) for block in blocks
            ]
            higher_is_bona_fide = layout.higher_is_bona_fide or layout.is_bob_measure(labels.known)
            origins.append(Origin(file.name, file.sha256, layout.unused, higher_is_bona_fide))
    return _checked(parts, origins)


class LabelReader:
    """Reads labels as 0 (bona fide) and 1 (attack), and holds that a file has one word for an attack.

    Args:
        live: the label that means bona fide; None: 0, or a word.
        listed: whether the file has no header.
    """

    def __init__(self, live: str | None, listed: bool) -> None:
        self.live, self.listed = live, listed
        self.known: dict[str, int] = {}
        self.numeric = False

    def read(self, where: str, numbers: np.ndarray, cells: Sequence[Any]) -> np.ndarray:
        """Return the labels of a block, (rows,). Raises `ScoresError`."""
        for cell in dict.fromkeys(cells):
            if cell in self.known:
                continue
            try:
                self.known[cell] = self._label(str(cell))
            except ScoresError as error:
                raise ScoresError(f"{where}, row {numbers[cells.index(cell)]}, column label: {error}") from None
        return np.fromiter(map(self.known.__getitem__, cells), np.int8, len(cells))

    def _label(self, cell: str) -> int:
        if cell.lower() in layouts.WORDS:
            if self.live is not None:
                raise ScoresError(f"--label-live {self.live}: the label {cell!r} says itself what it is; leave the option out")
            return layouts.WORDS[cell.lower()]
        if not is_number(cell) or math.isnan(float(cell)):
            raise ScoresError(f"{names.unknown(cell, layouts.WORDS, 'label')}; or 0 is bona fide, 1 an attack")
        if self.live is not None:
            return self._against_live(cell)
        if self.listed:
            remedy = "give --label-live with the label that means bona fide, such as --label-live 1"
            raise ScoresError(f"the file does not say whether {cell} is bona fide or an attack; {remedy} ({LIVE_LISTS})")
        if cell.startswith("+") or float(cell) not in (0, 1):
            remedy = "a label is 0 for bona fide or 1 for an attack; otherwise say which label is live by --label-live"
            raise ScoresError(f"unknown label {cell!r}; {remedy} ({LIVE_LISTS})")
        self.numeric = True
        return int(float(cell))

    def _against_live(self, cell: str) -> int:
        if not is_number(str(self.live)):
            raise ScoresError(f"--label-live {self.live}: labels are numbers here, such as {cell}; give the one that is live")
        if float(cell) == float(str(self.live)):
            return 0
        others = {float(one) for one, label in self.known.items() if label == 1 and is_number(one)}
        if others - {float(cell)}:
            fault = f"{cell} and {others.pop():g} are both labels beside the live one, {self.live}"
            raise ScoresError(f"{fault}; keep one label for attacks, and put their kinds into a column species")
        return 1


@dataclasses.dataclass(frozen=True)
class _Part:
    """A block of rows of one file."""

    origin: np.ndarray
    numbers: np.ndarray
    splits: np.ndarray
    labels: np.ndarray
    scores: np.ndarray
    texts: dict[str, pa.Array]
    numeric_labels: bool


def _part(where: str, number: int, numbers: np.ndarray, columns: Columns, split: str | None, labels: LabelReader) -> _Part:
    rows = len(numbers)
    read_labels = labels.read(where, numbers, columns["label"])
    texts = {}
    for name in layouts.OPTIONAL:
        if name not in columns:
            continue
        cells = columns[name]
        if not isinstance(cells[0], str):
            cells = list(map(_text, cells))
        _check_filled(where, numbers, name, cells, read_labels)
        if name == "species":
            _check_species(where, numbers, cells, read_labels)
        texts[name] = pa.array(cells, pa.string()).dictionary_encode()
    return _Part(
        origin=np.full(rows, number, np.int8),
        numbers=numbers,
        splits=_splits(where, numbers, columns.get("split"), split),
        labels=read_labels,
        scores=_scores(where, numbers, columns["score"]),
        texts=texts,
        numeric_labels=labels.numeric,
    )


def _text(number: float) -> str:
    """Return a number of a parquet file as text, "" where it is missing.

    >>> _text(2.0), _text(0.5), _text(float("nan"))
    ('2', '0.5', '')
    """
    return "" if math.isnan(number) else f"{number:.17g}"


def _splits(where: str, numbers: np.ndarray, cells: Sequence[str] | None, split: str | None) -> np.ndarray:
    if cells is None:
        return np.full(len(numbers), SPLITS.index(str(split)), np.int8)
    expected = (split,) if split else SPLITS
    for cell in dict.fromkeys(cells):
        if cell in expected:
            continue
        row = f"{where}, row {numbers[cells.index(cell)]}, column split"
        if split and cell in SPLITS:
            raise ScoresError(f"{row}: {cell!r} in the file that is given as --{split}; give each file to its own option")
        raise ScoresError(f"{row}: {names.unknown(cell, SPLITS, 'split')}; remove rows of other splits")
    return np.fromiter(map(SPLITS.index, cells), np.int8, len(cells))


def _scores(where: str, numbers: np.ndarray, cells: Sequence[Any]) -> np.ndarray:
    try:
        scores = np.array([float(cell) for cell in cells])
        faulty = ~(np.abs(scores) <= LARGEST)
    except ValueError:
        faulty = np.array([not (is_number(cell) and abs(float(cell)) <= LARGEST) for cell in cells])
    if faulty.any():
        row = int(np.flatnonzero(faulty)[0])
        fault = f"{str(cells[row])!r} is no number from {-LARGEST:g} to {LARGEST:g}"
        remedy = "give the row a score, or remove the row and report that"
        raise ScoresError(f"{where}, row {numbers[row]}, column score: {fault}; {remedy}")
    return scores


def _check_filled(where: str, numbers: np.ndarray, name: str, cells: Sequence[str], labels: np.ndarray) -> None:
    if "" not in cells:
        return
    empty = np.fromiter((cell == "" for cell in cells), bool, len(cells))
    if name == "species":
        empty &= labels == 1
    if empty.any():
        remedy = "fill it in, or remove the whole column"
        if name == "species":
            remedy += (
                "; if the row is bona fide, labels are the wrong way round: 1 is an attack, and --label-live 1 says otherwise"
            )
        raise ScoresError(f"{where}, row {numbers[np.flatnonzero(empty)[0]]}, column {name}: empty; {remedy}")


def _check_species(where: str, numbers: np.ndarray, cells: Sequence[str], labels: np.ndarray) -> None:
    live = {cell for cell in set(cells) if cell.lower() in layouts.LIVE_WORDS}
    for row in np.flatnonzero(labels) if live else ():
        if cells[row] in live:
            fault = f"{cells[row]!r} on a row that is labelled an attack: labels are the wrong way round"
            remedy = "a label 1 is an attack; where 1 means live, give --label-live 1, or else correct the labels or the species"
            raise ScoresError(f"{where}, row {numbers[row]}, column species: {fault}; {remedy}")


def _checked(parts: list[_Part], origins: list[Origin]) -> Table:
    def column(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    table = Table(
        origins=origins,
        origin=column("origin"),
        numbers=column("numbers"),
        splits=column("splits"),
        labels=column("labels"),
        scores=column("scores"),
        texts=dict(_texts(parts, origins)),
        numeric_labels=any(part.numeric_labels for part in parts),
    )
    _check_agreement(table)
    _check_twice(table)
    return table


def _texts(parts: list[_Part], origins: list[Origin]) -> Iterator[tuple[str, Texts]]:
    """Yield each column of text with its distinct values in order."""
    for name in layouts.OPTIONAL:
        having = {origins[part.origin[0]].name for part in parts if name in part.texts}
        if not having:
            continue
        lacking = {origins[part.origin[0]].name for part in parts} - having
        if lacking:
            fault = f"{having.pop()} has a column {name!r}, and {lacking.pop()} has none"
            raise ScoresError(f"{fault}; give it to both, or leave it out by --ignore {name}")
        yield name, _ordered(part.texts.pop(name) for part in parts)


def _ordered(chunks: Iterable[pa.DictionaryArray]) -> Texts:
    whole = pa.chunked_array(chunks).unify_dictionaries()
    values = whole.chunk(0).dictionary
    order = pc.array_sort_indices(values).to_numpy()
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    codes = np.concatenate([rank[chunk.indices.to_numpy()] for chunk in whole.chunks])
    return Texts(values.take(pa.array(order)), codes)


def _check_agreement(table: Table) -> None:
    """Raise `ScoresError` where rows of one video, or of one subject, contradict each other, or a species has both labels."""
    videos = table.videos()
    if len(table.texts.keys() & {"video", "path"}):
        own = {"split": table.splits, "label": table.labels}
        own |= {name: table.codes(name) for name in ("subject", "species") if name in table.texts}
        _check_same(table, "video" if "video" in table.texts else "path", videos, own)
    if "subject" in table.texts:
        subjects = pair_codes(table.codes("dataset"), table.codes("subject"))
        _check_same(table, "subject", subjects, {"split": table.splits})
    if "species" in table.texts:
        values, species = np.array(table.values("species"), object), table.codes("species")
        both = np.intersect1d(species[table.labels == 0], species[table.labels == 1])
        if both.size and values[both[0]]:
            first = [int(np.flatnonzero((species == both[0]) & (table.labels == label))[0]) for label in (0, 1)]
            fault = f"{values[both[0]]!r} on a bona fide row, and on an attack in row {table.numbers[first[1]]}"
            raise ScoresError(f"{table.place(first[0])}, column species: {fault}; correct the labels or the species")


def _check_same(table: Table, kind: str, groups: np.ndarray, columns: dict[str, np.ndarray]) -> None:
    _, first, group = np.unique(groups, return_index=True, return_inverse=True)
    for name, values in columns.items():
        differs = values != values[first][group]
        if not differs.any():
            continue
        row = int(np.flatnonzero(differs)[0])
        before = int(first[group[row]])
        now, then = (_shown(table, name, one) for one in (row, before))
        earlier = f"row {table.numbers[before]}" if table.origin[row] == table.origin[before] else table.place(before)
        raise ScoresError(
            f"{table.place(row)}, column {name}: {kind} {table.texts[kind][row]!r} has {name} {now!r} here and {then!r} in "
            f"{earlier}; a {kind} has one {name}: correct it, or remove the {kind} from one"
            + ("" if "dataset" in table.texts else "; if two data sets use the same names, add a column dataset")
        )


def _shown(table: Table, column: str, row: int) -> str:
    if column == "split":
        return SPLITS[table.splits[row]]
    return metrics.LABELS[int(table.labels[row])] if column == "label" else table.texts[column][row]


def _check_twice(table: Table) -> None:
    """Raise `ScoresError` for two rows of one frame by one training: they would be averaged as if they were two frames."""
    if not table.texts.keys() & {"frame", "path"}:
        return
    frame = "frame" if "frame" in table.texts else "path"
    keys = pair_codes(table.videos(), table.codes("seed"))
    distinct = np.unique(keys, return_inverse=True)[1]
    keys = pair_codes(distinct, table.codes(frame))
    order = np.argsort(keys, kind="stable")
    again = order[1:][keys[order][1:] == keys[order][:-1]]
    if not again.size:
        return
    row = int(again.min())
    before = int(order[np.flatnonzero(order == row)[0] - 1])
    of = f" of video {table.texts['video'][row]!r}" if "video" in table.texts else ""
    training = f", seed {table.texts['seed'][row]!r}," if "seed" in table.texts else ""
    raise ScoresError(
        f"{table.place(row)}: {frame} {table.texts[frame][row]!r}{of}{training} is in row {table.numbers[before]} already; "
        "scores of several trainings need a column seed; otherwise remove one row"
        + ("" if "dataset" in table.texts else "; if two data sets use the same names, add a column dataset")
    )
