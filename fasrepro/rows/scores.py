"""What a trained model says about a face: a score, an explanation, and the verdicts of readers on the explanation."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.rows.captions import Verdict
from fasrepro.rows.table import Fault


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """The probability that a model gives to an attack."""

    KEY: ClassVar = ("protocol", "run", "seed", "face_id")

    protocol: str
    run: str
    seed: int
    face_id: str
    p_attack: float

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a score: see `table.RowType`."""
        p_attack = columns["p_attack"]
        within = pc.and_(pc.greater_equal(p_attack, 0.0), pc.less_equal(p_attack, 1.0))
        yield pc.invert(within), lambda score: f"p_attack {score.p_attack} is not in [0, 1]"


@dataclasses.dataclass(frozen=True, slots=True)
class Explanation:
    """What a model wrote about a face, decoded greedily."""

    KEY: ClassVar = ("protocol", "run", "seed", "face_id")

    protocol: str
    run: str
    seed: int
    face_id: str
    text: str
    tokens: int  # up to and including the end of the text
    finished: bool  # False: cut at the token limit

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of an explanation: see `table.RowType`."""
        yield pc.less(columns["tokens"], 0), lambda _: "negative token count"


@dataclasses.dataclass(frozen=True, slots=True)
class Judgement:
    """A reader's verdict on an explanation."""

    KEY: ClassVar = ("protocol", "run", "seed", "face_id", "reader")

    protocol: str
    run: str
    seed: int
    face_id: str
    reader: str
    verdict: Verdict

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a judgement: see `table.RowType`."""
        yield pc.equal(columns["reader"], ""), lambda _: "a judgement without a reader"
