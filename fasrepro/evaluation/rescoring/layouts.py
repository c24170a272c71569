"""The layouts of score files in the field, as columns under this project's names.

| layout | columns |
|---|---|
| ours, with a header | split, label, score; video, subject, species, dataset, seed, frame, path |
| bob.pad.base, with a header | claimed_id, test_label, is_bonafide, attack_type, score; further ones are not used |
| bob, lines of four or five words | claimed_id, (model,) real_id, test_label, score: bona fide where real_id is claimed_id |
| lines of three words | path score label, or path label score |
| lines of two words | score label, or label score: bob.measure's where the labels are -1 and +1 |

bob defines that a higher score means bona fide. In all other layouts it means an attack. Options say otherwise.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from fasrepro import names
from fasrepro.evaluation.rescoring.source import Block, ScoresError, Source, is_number

REQUIRED = ("split", "label", "score")
OPTIONAL = ("video", "subject", "species", "dataset", "seed", "frame", "path")
UNUSED = "_"  # names a column that is not read
BOB_CSV = ("claimed_id", "test_label", "is_bonafide", "attack_type", "score")
BOB_NAMES = {"claimed_id": "subject", "test_label": "video", "is_bonafide": "label", "attack_type": "species"}
BOB_LABELS = {"true": "bona_fide", "1": "bona_fide", "false": "attack", "0": "attack"}
BOB_LINES = {4: ("claimed_id", "real_id", "test_label", "score"), 5: ("claimed_id", UNUSED, "real_id", "test_label", "score")}
PANDAS_INDEX = ("", "Unnamed: 0", "index", "__index_level_0__")
# Labels in words, which mean the same everywhere, in any case; numbers do not.
LIVE_WORDS = ("bona_fide", "bonafide", "bona fide", "bona-fide", "live", "living", "real", "genuine")
WORDS = dict.fromkeys(LIVE_WORDS, 0) | dict.fromkeys(("attack", "spoof", "fake"), 1)
NUMBERS = (-1.0, 0.0, 1.0)  # the labels of lists
KNOWN = (*REQUIRED, *OPTIONAL, *BOB_NAMES, "real_id", UNUSED)

Columns = dict[str, Sequence[Any]]


@dataclasses.dataclass(frozen=True)
class Reading:
    """How files are read.

    Args:
        label_live: the label that means bona fide, where labels are not words; None: 0.
        columns: names of the columns of a file without a header; (): by the number of its columns.
        ignore: names of columns that are not read, the file's or this project's; a file may lack some.
    """

    label_live: str | None = None
    columns: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclasses.dataclass(frozen=True)
class Layout:
    """The layout of one file.

    Args:
        names: of its columns, `UNUSED` for one that is not read.
        unused: names of the header's columns that are not read.
        higher_is_bona_fide: whether the layout defines that a higher score means bona fide.
        listed: whether the file has no header, so that nothing in it says what a label means.
        by_labels: whether the layout is bob.measure's if its labels are -1 and +1; see `is_bob_measure`.
        ignored: this project's names of columns that `rename` leaves out.
    """

    names: tuple[str, ...]
    unused: tuple[str, ...]
    higher_is_bona_fide: bool
    listed: bool
    by_labels: bool = False
    ignored: tuple[str, ...] = ()

    @property
    def columns(self) -> set[str]:
        """This project's names of the columns that `rename` returns."""
        return _ours(self.names) - {UNUSED, *self.ignored}

    def is_bob_measure(self, labels: Iterable[Any]) -> bool:
        """Return whether a file is bob.measure's `label score`; `labels`: all distinct ones of the file.

        Some rows do not tell: a list with labels 0 and 1 may begin with live rows alone.
        """
        return self.by_labels and {float(label) if is_number(label) else None for label in labels} == {-1.0, 1.0}

    def rename(self, columns: Sequence[Sequence[Any]]) -> Columns:
        """Return a block's columns under this project's names."""
        read = {name: cells for name, cells in zip(self.names, columns, strict=True) if name != UNUSED}
        if "real_id" in read:
            real = read.pop("real_id")
            claimed = read["claimed_id"]
            is_claimed = [one == other for one, other in zip(real, claimed, strict=True)]
            read["label"] = ["bona_fide" if one else "attack" for one in is_claimed]
            read["species"] = ["" if one else species for one, species in zip(is_claimed, real, strict=True)]
        if "is_bonafide" in read:
            read["is_bonafide"] = [BOB_LABELS.get(str(cell).lower(), cell) for cell in read["is_bonafide"]]
        ours = {BOB_NAMES.get(name, name): cells for name, cells in read.items()}
        return {name: cells for name, cells in ours.items() if name not in self.ignored}


def _ours(columns: Iterable[str]) -> set[str]:
    """Return this project's names of columns, with those that follow from real_id."""
    columns = set(columns)
    from_real_id = {"label", "species"} if "real_id" in columns else set()
    return {BOB_NAMES.get(name, name) for name in columns - {"real_id"}} | from_real_id


def check_ignored(sources: Sequence[Source], reading: Reading) -> None:
    """Raise `ScoresError` for a name in --ignore that no file has, neither as its own nor as this project's."""
    known: dict[str, None] = {}
    for source in sources:
        lists = {3: ("path", "label", "score"), **BOB_LINES}
        columns = source.header or reading.columns or lists.get(source.width, REQUIRED[1:])
        known |= dict.fromkeys([*columns, *sorted(_ours(columns))])
    known.pop(UNUSED, None)
    for name in reading.ignore:
        if name not in known:
            where = " and ".join(source.name for source in sources)
            raise ScoresError(f"{where}: --ignore: {names.unknown(name, known, 'column')}")


def read(source: Source, reading: Reading, split_given: bool) -> tuple[Layout, Iterator[Block]]:
    """Return a file's layout and all of its blocks.

    Args:
        source: the open file.
        reading: what the user says of it.
        split_given: whether the user says which split the file is, so that it needs no column of it.

    Raises:
        ScoresError: for unknown, missing or ambiguous columns.
    """
    if source.header is not None:
        if reading.columns:
            raise ScoresError(f"{source.name}: its first row holds no number, so it names the columns; omit --columns")
        layout = _by_header(source.name, source.header, reading)
        blocks = source.blocks
    else:
        first = next(source.blocks)
        layout = _by_width(source, first, reading)
        blocks = itertools.chain([first], source.blocks)
    _check(source.name, layout, split_given)
    return layout, blocks


def _by_header(where: str, header: list[str], reading: Reading) -> Layout:
    is_bob = set(BOB_CSV) <= set(header)
    ours = [BOB_NAMES.get(name, name) if is_bob else name for name in header]
    kept = [UNUSED if {name, our} & set(reading.ignore) else name for name, our in zip(header, ours, strict=True)]
    known = (*REQUIRED, *OPTIONAL)
    for place, name in enumerate(kept):
        if name != UNUSED and kept.count(name) > 1:
            raise ScoresError(f"{where}: {kept.count(name)} columns are named {name!r}; keep one")
        if is_bob and name not in (*BOB_CSV, "split", "dataset", "seed", "frame"):
            kept[place] = UNUSED
        elif name == "__index_level_0__":
            kept[place] = UNUSED  # parquet's own name for the index that pandas writes
        elif not is_bob and name not in (*known, UNUSED):
            raise ScoresError(f"{where}: {_unknown_column(name, known)}")
    unused = tuple(name for name, one in zip(header, kept, strict=True) if one == UNUSED)
    return Layout(tuple(kept), unused, higher_is_bona_fide=is_bob, listed=False)


def _unknown_column(name: str, known: Sequence[str]) -> str:
    if name in PANDAS_INDEX:
        return f"unknown column {name!r}, probably the index that pandas writes; save it by to_csv(..., index=False)"
    if ";" in name or "\t" in name or " " in name:
        return f"unknown column {name!r}; separate columns by commas"
    if name in BOB_NAMES:
        return f"column {name!r} is of bob's layout, which has all of {','.join(BOB_CSV)}; complete or rename them"
    return f"{names.unknown(name, known, 'column')}; rename it, or give --ignore {name}"


def _by_width(source: Source, first: Block, reading: Reading) -> Layout:
    """Return the layout of a file without a header; in lines of two or three, the column of labels is found by its values."""
    listed = reading.columns or BOB_LINES.get(source.width)
    if not listed and source.width in (2, 3):
        listed = (("path",) if source.width == 3 else ()) + _label_and_score(source.name, first.columns[-2:])
    if not listed:
        remedy = "name its columns in a first row, such as split,label,score, or by --columns"
        raise ScoresError(f"{source.name}: no header, and no layout has {source.width} columns; {remedy}")
    if len(listed) != source.width:
        raise ScoresError(f"{source.name}: --columns names {len(listed)} columns, and the file has {source.width}")
    for name in listed:
        if name not in KNOWN:
            raise ScoresError(f"--columns: {names.unknown(name, KNOWN, 'column')}; {UNUSED} names one that is not read")
        if name != UNUSED and listed.count(name) > 1:
            raise ScoresError(f"--columns: {name} stands {listed.count(name)} times; name each column once")
    if ("real_id" in listed) > ("claimed_id" in listed):
        raise ScoresError("--columns: real_id says who it is only beside claimed_id; name both")
    is_bob = "real_id" in listed or "is_bonafide" in listed
    by_labels = not reading.columns and listed == ("label", "score")
    ours = BOB_NAMES | {"real_id": "label"}  # without real_id no label is known
    ignored = tuple(ours.get(name, name) for name in reading.ignore)
    return Layout(tuple(listed), (), higher_is_bona_fide=is_bob, listed=True, by_labels=by_labels, ignored=ignored)


def _label_and_score(where: str, columns: Sequence[Sequence[Any]]) -> tuple[str, str]:
    """Return which of two columns holds labels, by the values of some rows. Raises `ScoresError` where both or neither does."""
    holds_labels = [all(map(_is_label, set(cells))) for cells in columns]
    if holds_labels == [True, False]:
        return "label", "score"
    if holds_labels == [False, True]:
        return "score", "label"
    fault = "each could hold the labels" if all(holds_labels) else "neither holds labels (0 and 1, -1 and +1, words) alone"
    remedy = "name the columns in a first row, such as split,label,score, or by --columns, such as --columns path,score,label"
    raise ScoresError(f"{where}: no header, and of its last two columns {fault}; {remedy}")


def _is_label(cell: Any) -> bool:
    return str(cell).lower() in WORDS or (is_number(cell) and float(cell) in NUMBERS)


def _check(where: str, layout: Layout, split_given: bool) -> None:
    present = layout.columns
    if not split_given and "split" not in present:
        raise ScoresError(f"{where}: no column 'split'; add it, or give a file each for dev and test: --dev FILE --test FILE")
    for name in ("label", "score"):
        if name not in present:
            raise ScoresError(f"{where}: no column {name!r}; add it: label and score are required")
    if "seed" in present and not present & {"video", "path"}:
        raise ScoresError(
            f"{where}: a column seed needs a column video (or path), so that trainings are compared on the same; add it"
        )
    if "frame" in present and not present & {"video", "path"}:
        raise ScoresError(f"{where}: a column frame needs a column video (or path), or every frame would be a video; add it")
