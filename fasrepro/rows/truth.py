"""The cues of a synthetic frame, known because it was drawn. No training or prediction code reads them."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro import regions
from fasrepro.rows.table import Fault


@dataclasses.dataclass(frozen=True, slots=True)
class Truth:
    """The cues of one frame.

    A cue is present if the frame differs from the same frame without it after camera and codec, and its face's crop shows that.
    """

    KEY: ClassVar = ("face_id",)

    face_id: str
    cues: tuple[str, ...]  # names in vocabulary.CUES that are present, look-alikes excluded
    strengths: tuple[float, ...]  # in (0, 1], one a cue
    regions: tuple[str, ...]  # one a cue: the cells of the frame that it changes, as regions.encode_region writes them
    faint: tuple[str, ...]  # cues that were drawn but did not survive camera, codec and crop
    look_alikes: tuple[str, ...]  # cues that something harmless in the scene resembles
    attributes: str  # JSON object of words: skin_tone, hair, glasses, light, background, ...

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a truth: see `table.RowType`."""
        count = pc.list_value_length(columns["cues"])
        other = pc.or_(
            pc.not_equal(count, pc.list_value_length(columns["strengths"])),
            pc.not_equal(count, pc.list_value_length(columns["regions"])),
        )
        yield other, lambda _: "cues, strengths and regions differ in number"
        # Item by item: only synthetic frames have truths, thousands of them, not a million.
        cues, faint, texts = (columns[name].to_pylist() for name in ("cues", "faint", "regions"))
        outside = [not all(0 < strength <= 1 for strength in row) for row in columns["strengths"].to_pylist()]
        yield _mask(outside), lambda _: "a strength lies outside (0, 1]"
        both = [not set(present).isdisjoint(absent) for present, absent in zip(cues, faint, strict=True)]
        yield _mask(both), lambda truth: f"a cue is both present and faint: {truth.faint}"
        yield _mask([not all(map(regions.is_region, row)) for row in texts]), _wrong_region


def _mask(values: list[bool]) -> pa.Array:
    return pa.array(values, pa.bool_())


def _wrong_region(truth: Truth) -> str:
    name, text = next(pair for pair in zip(truth.cues, truth.regions, strict=True) if not regions.is_region(pair[1]))
    return f"the region of {name} is not like 60x45:100,3,2597: {text[:60]!r}"
