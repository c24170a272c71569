"""Protocols: which data sets a model is trained on, which of their people choose thresholds, and where it is tested.

The MCIO literature names its leave-one-out protocols by letters: `oci_m` trains on OULU-NPU, CASIA-FASD and Replay-Attack and
tests on MSU-MFSD. Any other protocol is declared in params.yaml.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro import names
from fasrepro.datasets import DATASETS, TITLES


class ProtocolError(ValueError):
    """A protocol or a set of faces that allows no honest split; the message names the fault and the remedy."""


@dataclasses.dataclass(frozen=True)
class Sides:
    """A protocol as params.yaml declares it: keys of `datasets.DATASETS`."""

    train: list[str]
    test: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Protocol:
    """Train on the data sets `train`, choose thresholds on their dev people, test on each data set of `test`."""

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]


def resolve(name: str, declared: Mapping[str, Sides]) -> Protocol:
    """Return the protocol of that name: as declared, else by its letters.

    Raises:
        ProtocolError: for a name that is neither, a data set that is not known, and a target that is also a source.
    """
    protocol = Protocol(name, tuple(declared[name].train), tuple(declared[name].test)) if name in declared else by_letters(name)
    for dataset in (*protocol.train, *protocol.test):
        names.lookup(DATASETS, dataset, "data set", ProtocolError, f"params.yaml: protocols.{name}")
    if not protocol.train or not protocol.test:
        raise ProtocolError(f"params.yaml: protocols.{name}: name at least one data set to train on and one to test on")
    if len({*protocol.train, *protocol.test}) < len(protocol.train) + len(protocol.test):
        raise ProtocolError(f"protocol {name!r}: a data set stands twice; a target is no source")
    return protocol


def by_letters(name: str) -> Protocol:
    """Parse a name such as `oci_m`, or `oci_mw` for two targets. Raises `ProtocolError`.

    >>> by_letters("mi_c")
    Protocol(name='mi_c', train=('msu', 'replay'), test=('casia',))
    """
    keys = {dataset.letter: key for key, dataset in DATASETS.items() if dataset.letter}
    sources, _, targets = name.partition("_")
    if not sources or not targets or set(sources + targets) - set(keys):
        known = ", ".join(f"{letter} ({TITLES[key]})" for letter, key in keys.items())
        raise ProtocolError(
            f"protocol {name!r} is not declared under `protocols` of params.yaml, and is not source letters, '_' and target"
            f" letters, as in oci_m. Letters: {known}"
        )
    return Protocol(name, tuple(keys[letter] for letter in sources), tuple(keys[letter] for letter in targets))


def cell_name(protocol: Protocol, target: str) -> str:
    """Return the short name of a protocol on one of its targets: letters where all its data sets have one.

    >>> cell_name(Protocol("oci_m", ("oulu", "casia", "replay"), ("msu", "siw_mv2")), "siw_mv2")
    'oci_w'
    """
    letters = [DATASETS[dataset].letter for dataset in (*protocol.train, target)]
    if all(letters):
        return f"{''.join(letters[:-1])}_{letters[-1]}"
    return f"{protocol.name}/{target}"


def without_absent(protocol: Protocol, present: Collection[str]) -> tuple[Protocol | None, str]:
    """Return what of a protocol can be run with the data sets that are present, and a notice about the rest.

    A protocol that lacks a source, or all its targets, cannot be run: None. The notice is "" where nothing is absent.
    """
    sources = [TITLES[dataset] for dataset in protocol.train if dataset not in present]
    if sources:
        return None, f"protocol {protocol.name} is skipped: {', '.join(sources)} is absent"
    targets = tuple(dataset for dataset in protocol.test if dataset in present)
    absent = ", ".join(TITLES[dataset] for dataset in protocol.test if dataset not in present)
    if not targets:
        return None, f"protocol {protocol.name} is skipped: {absent} is absent"
    notice = f"protocol {protocol.name} is not tested on {absent}, which is absent" if absent else ""
    return dataclasses.replace(protocol, test=targets), notice


def split_columns(faces: pa.Table, protocol: Protocol) -> dict[str, pa.Table]:
    """Return the faces of each of `splits.PARTS`, in the order of `faces`.

    - train: the official train split of each source.
    - dev: a source's official dev split where it has one, else its official test subjects, which nothing else uses while it is
      a source; so the papers' training rows stay whole.
    - test: the official test split of each target.

    Raises:
        ProtocolError: where a data set has no faces of a part, or a subject stands in two parts.
    """
    with_dev = set(faces.filter(pc.equal(faces["split"], "dev"))["dataset"].unique().to_pylist())
    dev = {dataset: "dev" if dataset in with_dev else "test" for dataset in protocol.train}
    parts = {
        "train": _of_splits(faces, dict.fromkeys(protocol.train, "train")),
        "dev": _of_splits(faces, dev),
        "test": _of_splits(faces, dict.fromkeys(protocol.test, "test")),
    }
    for part, datasets in (("train", protocol.train), ("dev", protocol.train), ("test", protocol.test)):
        present = parts[part]["dataset"].unique().to_pylist()
        for dataset in datasets:
            if dataset not in present:
                title = TITLES.get(dataset, dataset)  # a data set of params.yaml has none here
                raise ProtocolError(f"{protocol.name}: {title} has no {part} faces; is its archive indexed?")
    part_of: dict[str, str] = {}
    for part, columns in parts.items():
        for subject in columns["subject"].unique().to_pylist():
            if subject in part_of:
                raise ProtocolError(f"{protocol.name}: subject {subject} stands in {part_of[subject]} and in {part}")
            part_of[subject] = part
    return parts


def _of_splits(faces: pa.Table, split_of: Mapping[str, str]) -> pa.Table:
    """Return the faces of one official split of each data set."""
    official = pc.binary_join_element_wise(faces["dataset"], faces["split"], "/")
    wanted = [f"{dataset}/{split}" for dataset, split in split_of.items()]
    return faces.filter(pc.is_in(official, value_set=pa.array(wanted, pa.string())))
