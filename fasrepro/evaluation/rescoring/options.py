"""The settings of a report, and their checks."""

from __future__ import annotations

import dataclasses

from fasrepro.evaluation.analyses.optimism import LIMIT
from fasrepro.evaluation.rescoring.source import ScoresError
from fasrepro.evaluation.rescoring.table import Table


@dataclasses.dataclass(frozen=True)
class Options:
    """The settings of a report.

    Args:
        replicates: of the bootstrap, at least 1.
        confidence: of intervals, in (0, 1).
        seed: of the draws, at least 0.
        higher_is_bona_fide: whether scores point the other way.
        oracle_only: omit every figure that depends on dev.
        limits: of APCER or BPCER, each in (0, 1), at which the other is reported.
    """

    replicates: int
    confidence: float
    seed: int
    higher_is_bona_fide: bool = False
    oracle_only: bool = False
    limits: tuple[float, ...] = (LIMIT,)

    def __post_init__(self) -> None:
        """Raise `ScoresError` for a number out of range."""
        for name, allowed, expected in (
            ("replicates", self.replicates >= 1, "at least 1, such as 1000"),
            ("confidence", 0 < self.confidence < 1, "between 0 and 1, such as 0.95"),
            ("seed", self.seed >= 0, "at least 0"),
        ):
            if not allowed:
                raise ScoresError(f"--{name} {getattr(self, name)}: give a number that is {expected}")
        for limit in self.limits:
            if not 0 < limit < 1:
                raise ScoresError(f"--fpr {limit}: give shares between 0 and 1, such as 0.01")


def direction(table: Table, given: bool | None) -> bool:
    """Return whether a higher score means bona fide: as the user says, or else as the files' layouts do.

    Raises:
        ScoresError: where two layouts contradict each other.
    """
    if given is not None:
        return given
    by_layout = {origin.higher_is_bona_fide: origin.name for origin in table.origins}
    if len(by_layout) > 1:
        fault = (
            f"a higher score means bona fide in {by_layout[True]}, which has bob's layout, and an attack in {by_layout[False]}"
        )
        raise ScoresError(f"{fault}; turn the scores of one, and give --higher-is-bona-fide or --higher-is-attack")
    return next(iter(by_layout))
