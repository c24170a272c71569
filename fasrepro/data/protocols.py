"""Protocols: which data sets a model is trained on, which of their people choose thresholds, and where it is tested.

The MCIO literature names its leave-one-out protocols by letters: `oci_m` trains on OULU-NPU, CASIA-FASD and Replay-Attack and
tests on MSU-MFSD. Any other protocol is declared: by a publication (`published_protocols.yaml`) or in params.yaml. Which faces
that gives: `partition`.
"""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Collection, Mapping
from typing import Any

from fasrepro import names
from fasrepro.data.splits import PARTS
from fasrepro.datasets import DATASETS, TITLES

ALL = "all"
TESTED = ("test", ALL)  # what `test_on` may say
NOT = "not"


class ProtocolError(ValueError):
    """A protocol or a set of faces that allows no honest split; the message names the fault and the remedy."""


# part -> the selections whose faces it holds; a selection: attribute -> its values, or {not: values}
Only = dict[str, list[dict[str, Any]]]
# data set -> part of its people -> share: see `people_parts`
Parts = dict[str, dict[str, float]]


@dataclasses.dataclass(frozen=True)
class Sides:
    """A protocol as it is declared.

    Args:
        train: keys of `datasets.DATASETS`.
        test: others, or the same one for a protocol within a data set.
        test_on: "test" for the official test split of each target, "all" for all of its people.
        only: for train, dev or test, the selections whose faces the part holds: all that meet every condition of one of them. A
            condition names an attribute (see `attributes`) and its values, `[1, 2]`, `["1-20"]` or `{not: [1]}`.
        parts: of each source whose people are cut into parts, the shares: see `people_parts`. jobs.yaml has them from the section
            `parts` of params.yaml; a protocol declares none of its own.
    """

    train: list[str]
    test: list[str]
    test_on: str = "test"
    only: Only = dataclasses.field(default_factory=dict)
    parts: Parts = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Protocol:
    """Train on the data sets `train`, choose thresholds on their dev people, test on each data set of `test`: see `Sides`."""

    name: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    test_on: str = "test"
    only: Only = dataclasses.field(default_factory=dict)
    parts: Parts = dataclasses.field(default_factory=dict)

    @property
    def within(self) -> bool:
        """Whether it trains and tests on people of one data set."""
        return self.train == self.test


def from_sides(name: str, sides: Sides) -> Protocol:
    """Return the protocol that is declared under a name."""
    return Protocol(name, tuple(sides.train), tuple(sides.test), sides.test_on, sides.only, sides.parts)


def to_sides(protocol: Protocol) -> Sides:
    """Return what declares a protocol."""
    return Sides(list(protocol.train), list(protocol.test), protocol.test_on, protocol.only, protocol.parts)


def resolve(name: str, declared: Mapping[str, Sides]) -> Protocol:
    """Return the protocol of that name: as declared, else by its letters.

    Args:
        name: of a protocol.
        declared: by name, those of publications included (`published_protocols.declared`).

    Raises:
        ProtocolError: for a name that is neither, a data set that is not known, a target that is also a source, and a selection
            that cannot be read.
    """
    where = f"params.yaml: protocols.{name}"
    protocol = from_sides(name, declared[name]) if name in declared else by_letters(name, declared)
    for dataset in (*protocol.train, *protocol.test):
        names.lookup(DATASETS, dataset, "data set", ProtocolError, where)
    if not protocol.train or not protocol.test:
        raise ProtocolError(f"{where}: name at least one data set to train on and one to test on")
    within = name in declared and protocol.within and len(protocol.train) == 1
    if not within and len({*protocol.train, *protocol.test}) < len(protocol.train) + len(protocol.test):
        raise ProtocolError(f"protocol {name!r}: a data set stands twice; a target is no source")
    if protocol.parts:
        raise ProtocolError(f"{where}.parts: a protocol has no parts of its own; name them in the section `parts`")
    if protocol.test_on not in TESTED:
        raise ProtocolError(f"{where}.test_on: {names.unknown(protocol.test_on, TESTED, 'choice')}")
    if within and protocol.test_on == ALL:
        raise ProtocolError(f"{where}.test_on: all people of a data set cannot be tested where some of them are trained on")
    for part, selections in protocol.only.items():
        names.lookup(dict.fromkeys(PARTS), part, "part", ProtocolError, f"{where}.only")
        for selection in selections:
            for attribute, condition in selection.items():
                _check_condition(condition, f"{where}.only.{part}: {attribute}")
    return protocol


def _check_condition(condition: Any, where: str) -> None:
    """Raise `ProtocolError` unless a condition is a list of values, or {not: values}."""
    values = condition[NOT] if isinstance(condition, dict) and list(condition) == [NOT] else condition
    if not isinstance(values, list) or not values or any(type(value) not in (int, str) for value in values):
        raise ProtocolError(f"{where}: expected values, as in [1, 2], ['1-20'] or {{not: [1]}}, found {condition!r}")


def by_letters(name: str, declared: Collection[str] = ()) -> Protocol:
    """Parse a name such as `oci_m`, or `oci_mw` for two targets.

    Raises:
        ProtocolError: listing the letters, and the nearest of the names that are `declared`.

    >>> by_letters("mi_c").train
    ('msu', 'replay')
    """
    keys = {dataset.letter: key for key, dataset in DATASETS.items() if dataset.letter}
    sources, _, targets = name.partition("_")
    if not sources or not targets or set(sources + targets) - set(keys):
        known = ", ".join(f"{letter} ({TITLES[key]})" for letter, key in keys.items())
        near = difflib.get_close_matches(name, declared, n=1)
        hint = f" Did you mean {near[0]!r}?" if near else ""
        raise ProtocolError(
            f"protocol {name!r} is not declared under `protocols` of params.yaml, is none of published_protocols.yaml, and is not"
            f" source letters, '_' and target letters, as in oci_m.{hint} Letters: {known}"
        )
    return Protocol(name, tuple(keys[letter] for letter in sources), tuple(keys[letter] for letter in targets))


def cell_name(protocol: Protocol, target: str) -> str:
    """Return the short name of a protocol on one of its targets: letters where all its data sets have one.

    Letters stand for official splits. A protocol that selects other faces keeps its own name.

    >>> cell_name(Protocol("oci_m", ("oulu", "casia", "replay"), ("msu", "siw_mv2")), "siw_mv2")
    'oci_w'
    """
    letters = [DATASETS[dataset].letter for dataset in (*protocol.train, target)]
    if protocol.within:
        return protocol.name
    if all(letters) and protocol.test_on == "test" and not protocol.only and not protocol.parts:
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
