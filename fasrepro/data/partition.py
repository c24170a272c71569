"""The faces of a protocol's train, dev and test, and checks that no subject, video or image stands in two of them."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.data import attributes, people_parts
from fasrepro.data.protocols import ALL, Protocol, ProtocolError
from fasrepro.data.splits import PARTS
from fasrepro.datasets import TITLES
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import SPLITS, Label

HELD_OUT = 0.1  # the share of a source's train people who serve as dev where it has no other


def split_columns(faces: pa.Table, protocol: Protocol) -> dict[str, pa.Table]:
    """Return the faces of each of `splits.PARTS`, in the order of `faces`.

    - train: the official train split of each source.
    - dev: a source's official dev split where it has one, else its official test subjects, which nothing else uses while it is
      a source; so the papers' training rows stay whole. A source that has neither, or whose test subjects are tested, gives some
      of its train people, who are then not trained on: those whom a selection of dev names, else `held_out`.
    - test: the official test split of each target, or all of its people where the protocol says so.

    Of each part, only what the protocol selects. Nothing is checked: see `check`.

    Raises:
        ProtocolError: for a selection by an attribute that faces do not have.
    """
    splits = {split: _of_split(faces, protocol.train, split) for split in SPLITS}
    with_dev = _datasets(faces, splits["dev"])
    with_test = _datasets(faces, splits["test"]) - set(protocol.test)
    train = _selected(faces, protocol, "train", dict.fromkeys(protocol.train, ("train",)))
    uncut = [name for name in protocol.train if name not in protocol.parts]
    official = {name: ("dev",) if name in with_dev else ("test",) for name in uncut if name in with_dev | with_test}
    dev = _selected(faces, protocol, "dev", official)
    if not any("split" in selection for selection in protocol.only.get("dev", ())):
        for dataset in sorted(set(uncut) - set(official)):
            own = train & _equal(faces, "dataset", [dataset])
            people = _equal(faces, "subject", held_out(faces.filter(pa.array(own))))
            dev |= own & people & _selected(faces, protocol, "dev", {dataset: ("train",)})
    for dataset, shares in protocol.parts.items():
        own = splits["train"] & _equal(faces, "dataset", [dataset])
        shown = _shown(faces.filter(pa.array(own)))
        dev_people = _equal(faces, "subject", people_parts.people(shown, shares, [people_parts.DEV]))
        dev |= own & dev_people & _selected(faces, protocol, "dev", {dataset: ("train",)})
        train &= ~(own & _equal(faces, "subject", people_parts.people(shown, shares, people_parts.NOT_TRAINED_ON)))
    train &= ~_equal(faces, "subject", _values(faces, "subject", dev & splits["train"]))
    tested = SPLITS if protocol.test_on == ALL else ("test",)
    test = _selected(faces, protocol, "test", dict.fromkeys(protocol.test, tested))
    return {part: faces.filter(pa.array(mask)) for part, mask in zip(PARTS, (train, dev, test), strict=True)}


def held_out(faces: pa.Table) -> list[str]:
    """Return the subjects of a train split who serve as dev.

    Of the subjects with the same species, those with the lowest hashes: a share of `HELD_OUT`, and at least one of two or more.
    So dev has each species that two subjects show, even where every video is a subject of its own, and the choice depends on the
    subjects alone.
    """
    species: dict[str, set[str]] = {}
    for subject, shown in _shown(faces):
        species.setdefault(subject, set()).add(shown)
    strata: dict[tuple[str, ...], list[str]] = {}
    for subject, shown in species.items():
        strata.setdefault(tuple(sorted(shown)), []).append(subject)
    chosen: list[str] = []
    for subjects in strata.values():
        count = max(1, round(HELD_OUT * len(subjects))) if len(subjects) > 1 else 0
        chosen += sorted(subjects, key=lambda subject: unit_hash("dev", subject))[:count]
    return sorted(chosen)


def _shown(faces: pa.Table) -> list[tuple[str, str]]:
    """Return each subject with each species that it shows."""
    shows = faces.group_by(["subject", "species"]).aggregate([])
    return list(zip(shows["subject"].to_pylist(), shows["species"].to_pylist(), strict=True))


def check(parts: Mapping[str, pa.Table], protocol: Protocol) -> None:
    """Check the parts of a protocol before anything is trained on them.

    Raises:
        ProtocolError: where a data set has no faces of a part; where a subject, a video or an image stands in two parts (an image
            is known by the hash of its crop's pixels); and where dev of a source or the test faces of a target lack a label.
    """
    for part, datasets in zip(PARTS, (protocol.train, protocol.train, protocol.test), strict=True):
        present = set(parts[part]["dataset"].unique().to_pylist())
        for dataset in datasets:
            if dataset not in present:
                title = TITLES.get(dataset, dataset)  # a data set of params.yaml has none here
                raise ProtocolError(f"{protocol.name}: {title} has no {part} faces; is its archive indexed?")
    for column, word in (("subject", "subject"), ("presentation", "video")):
        shared = _shared(parts, column)
        if shared:
            value, first, second = shared[0]
            raise ProtocolError(f"{protocol.name}: {word} {value} stands in {first} and in {second}")
    _check_images(parts, protocol)
    for part, datasets in (("dev", protocol.train), ("test", protocol.test)):
        for dataset in datasets:
            own = parts[part].filter(pa.array(_equal(parts[part], "dataset", [dataset])))
            labels = set(own["label"].unique().to_pylist())
            absent = [label.name.lower().replace("_", " ") for label in Label if label.value not in labels]
            if absent:
                title = TITLES.get(dataset, dataset)
                raise ProtocolError(
                    f"{protocol.name}: {title} has no {absent[0]} faces in {part}, so that no error rate can be"
                    " computed; `fasrepro inspect` names what the archive lacks"
                )


def _check_images(parts: Mapping[str, pa.Table], protocol: Protocol) -> None:
    shared = _shared(parts, "crop_sha256")
    if not shared:
        return
    value, *sides = shared[0]
    faces = [parts[side].filter(pa.array(_equal(parts[side], "crop_sha256", [value])))["face_id"][0].as_py() for side in sides]
    raise ProtocolError(
        f"{protocol.name}: {len(shared)} images stand on two sides: the crop of {faces[0]} ({sides[0]}) has the pixels of"
        f" {faces[1]} ({sides[1]}). Remove one of the two files from its archive, and run `dvc repro`"
    )


def _shared(parts: Mapping[str, pa.Table], column: str) -> list[tuple[str, str, str]]:
    """Return each value of a column that stands in two parts, with those parts."""
    values = {part: pc.unique(columns[column]) for part, columns in parts.items()}
    return [
        (value, first, second)
        for first, second in itertools.combinations(parts, 2)
        for value in values[second].filter(pc.is_in(values[second], value_set=values[first])).to_pylist()
    ]


def _selected(faces: pa.Table, protocol: Protocol, part: str, official: Mapping[str, Sequence[str]]) -> np.ndarray:
    """Return which faces a part holds, bool of shape (faces,).

    Args:
        faces: of all data sets.
        protocol: whose selections of this part apply.
        part: train, dev or test.
        official: data set -> the official splits that the part is made of, where a selection names no others.
    """
    datasets = protocol.test if part == "test" else protocol.train
    chosen = []
    for selection in protocol.only.get(part) or [{}]:
        splits = dict.fromkeys(datasets, SPLITS) if "split" in selection else official
        mask = np.zeros(len(faces), bool)
        for dataset, of_dataset in splits.items():
            for split in of_dataset:
                mask |= _of_split(faces, [dataset], split)
        for attribute, condition in selection.items():
            places = np.flatnonzero(mask)
            where = f"{protocol.name}: only.{part}"
            mask[places] = attributes.meets(faces.take(pa.array(places)), attribute, condition, where)
        chosen.append(mask)
    return np.logical_or.reduce(chosen)


def _of_split(faces: pa.Table, datasets: Sequence[str], split: str) -> np.ndarray:
    """Return which faces are of an official split of these data sets, bool of shape (faces,)."""
    return _equal(faces, "dataset", datasets) & _equal(faces, "split", [split])


def _equal(faces: pa.Table, column: str, values: Sequence[str]) -> np.ndarray:
    """Return in which rows a column has one of these values, bool of shape (faces,)."""
    return pc.is_in(faces[column], value_set=pa.array(values, pa.string())).to_numpy()


def _values(faces: pa.Table, column: str, mask: np.ndarray) -> list[str]:
    """Return the values of a column in the rows that a mask marks."""
    return faces[column].filter(pa.array(mask)).unique().to_pylist()


def _datasets(faces: pa.Table, mask: np.ndarray) -> set[str]:
    """Return the data sets of the faces that a mask marks."""
    return set(_values(faces, "dataset", mask))
