"""What a trained model leaves about a face: a score, an explanation, and readers' verdicts on the explanation."""

from __future__ import annotations

import dataclasses
from typing import ClassVar

from fasrepro.rows.captions import Verdict
from fasrepro.rows.table import require


@dataclasses.dataclass(frozen=True, slots=True)
class Score:
    """The probability that a model gives to an attack."""

    KEY: ClassVar = ("protocol", "run", "seed", "face_id")

    protocol: str
    run: str
    seed: int
    face_id: str
    p_attack: float

    def check(self) -> None:
        """Raise `RowError` for a score outside [0, 1]."""
        require(0.0 <= self.p_attack <= 1.0, f"{self.face_id}: p_attack {self.p_attack} is not in [0, 1]")


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

    def check(self) -> None:
        """Raise `RowError` for a negative token count."""
        require(self.tokens >= 0, f"{self.face_id}: negative token count")


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

    def check(self) -> None:
        """Raise `RowError` for a judgement without a reader."""
        require(bool(self.reader), f"{self.face_id}: a judgement without a reader")
