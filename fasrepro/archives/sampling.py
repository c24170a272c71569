"""A few presentations of each subject of an archive, as evenly over attacks as they can be chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable

from fasrepro.archives.layout import Presentation
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import Label


@dataclasses.dataclass(frozen=True, slots=True)
class PerSubject:
    """How many presentations of a subject are kept, or fewer where it has fewer."""

    bona_fide: int
    attack: int


def sampled(presentations: list[Presentation], kept: PerSubject) -> list[Presentation]:
    """Return so many presentations of each subject, in the order of `presentations`: a pure function of their names.

    A subject's attacks are taken from its species and instruments in turn, in an order of its own. So each subject shows as many
    kinds as it can, and over subjects all kinds are shown.
    """
    groups: dict[tuple[str, Label], dict[tuple[str, str], list[Presentation]]] = {}
    for shown in presentations:
        of_subject = groups.setdefault((shown.subject, shown.label), {})
        of_subject.setdefault((shown.species, shown.instrument), []).append(shown)
    chosen: set[str] = set()
    for (subject, label), kinds in groups.items():
        count = kept.attack if label is Label.ATTACK else kept.bona_fide
        ordered = sorted(kinds, key=lambda kind: unit_hash("kind", subject, *kind))
        chosen.update(shown.id for shown in _in_turn([kinds[kind] for kind in ordered])[:count])
    return [shown for shown in presentations if shown.id in chosen]


def _in_turn(groups: Iterable[list[Presentation]]) -> list[Presentation]:
    """Return the first of each group, then the second of each, and so on; each group in an order by its members' names."""
    ranked = []
    for place, group in enumerate(groups):
        by_hash = sorted(group, key=lambda shown: unit_hash("presentation", shown.id))
        ranked += [(turn, place, shown) for turn, shown in enumerate(by_hash)]
    return [shown for _, _, shown in sorted(ranked, key=lambda row: row[:2])]
