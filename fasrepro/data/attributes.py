"""Attributes of faces by which a protocol selects: the columns of a face, and what the official name of its video tells.

A face's row does not say in which session of OULU-NPU its video was shot. The video's name does, and the presentation's id is
that name: `parse_name` of the data set's archive reads it. So every field of an archive's `Name` is an attribute (OULU-NPU:
phone, session, user and file; SiW: sensor, type, medium and session; WMCA: date, session, presenter, type and pai). Where a field
has the name of a column, such as `subject`, the column is meant.
"""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any

import numpy as np
import pyarrow as pa

from fasrepro import names
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import UnknownName
from fasrepro.data.protocols import NOT, ProtocolError
from fasrepro.datasets import TITLES

SUFFIXES = (".avi", ".mov", ".mp4", ".MOV", ".hdf5", ".jpg", ".png")  # of official names; an id has none
_RANGE = re.compile(r"(\d+)-(\d+)")


def meets(faces: pa.Table, attribute: str, condition: Any, where: str) -> np.ndarray:
    """Return which faces meet a condition, bool of shape (faces,).

    Args:
        faces: columns of `Face`.
        attribute: of a face or of its video's official name.
        condition: values, as in [1, 2] or ["1-20"], or {"not": values}.
        where: the protocol and its part, for the message.

    Raises:
        ProtocolError: where the data set of a face has no such attribute, or its video no official name.
    """
    excluded = isinstance(condition, dict)
    wanted = _expanded(condition[NOT] if excluded else condition)
    if attribute in faces.column_names:
        values = faces[attribute].to_pylist()
    else:
        rows = zip(faces["dataset"].to_pylist(), faces["presentation"].to_pylist(), strict=True)
        values = [_of_name(dataset, presentation, attribute, where) for dataset, presentation in rows]
    return np.array([(value in wanted) != excluded for value in values], bool)


def _expanded(values: list[int | str]) -> set[int | str]:
    """Return values with each range, such as "1-20", as its numbers."""
    wanted = set(values)
    for value in values:
        limits = _RANGE.fullmatch(str(value))
        if limits:
            wanted |= set(range(int(limits[1]), int(limits[2]) + 1))
    return wanted


def _of_name(dataset: str, presentation: str, attribute: str, where: str) -> Any:
    """Return an attribute of a presentation's official name."""
    name = _parsed(dataset, presentation)
    if name is None:
        raise ProtocolError(
            f"{where}: {presentation} is no official name of {TITLES[dataset]}, so that its {attribute} is not known; select by"
            " columns of results/faces, or index the official archive"
        )
    fields = [field.name for field in dataclasses.fields(name)]
    if attribute not in fields:
        raise ProtocolError(f"{where}: {names.unknown(attribute, fields, f'attribute of {TITLES[dataset]}')}")
    return getattr(name, attribute)


@functools.lru_cache(1)  # faces of one video stand together
def _parsed(dataset: str, presentation: str) -> Any:
    """Return the `Name` of a presentation's id, with whatever suffix its archive has; None for an id that is no name."""
    for suffix in SUFFIXES:
        try:
            return ARCHIVES[dataset].parse_name(presentation.removeprefix(f"{dataset}/") + suffix)
        except UnknownName:
            continue
    return None
