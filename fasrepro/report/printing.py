"""Which faces may be printed, and the sentence for a page that shows fewer.

A face that a program drew is nobody's. Portraits under a drawn presentation are used under their own terms, and are not printed.
Of licensed data sets nothing is printed unless `archives.printable` of params.yaml names the data set; of one whose release lists
the files that may be printed, these alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from fasrepro import names, paths
from fasrepro.datasets import DATASETS
from fasrepro.rows.faces import Face

KEY = "archives.printable"
PORTRAITS = "These people are not ours to print: the book omits the pictures of faces."
LISTED_ALONE = ("wmca",)  # data sets whose release lists the files that may be printed


@dataclasses.dataclass(frozen=True)
class Printing:
    """What may be printed.

    Args:
        source: of the archives, "synthetic" or "licensed".
        people: of synthetic ones, "procedural" (drawn) or "portraits".
        datasets: licensed data sets whose licence allows it, by `KEY`.
        listed: names of the videos that a release lists as printable, by data set of `LISTED_ALONE`.
    """

    source: str
    people: str
    datasets: Collection[str] = ()
    listed: Mapping[str, Collection[str]] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ValueError` for an unknown data set."""
        for name in self.datasets:
            names.lookup(DATASETS, name, "data set", where=f"{paths.PARAMS}: {KEY}")

    @property
    def drawn(self) -> bool:
        """Whether a program drew every face, so that all may be printed."""
        return self.source == "synthetic" and self.people == "procedural"

    def allows(self, face: Face) -> bool:
        """Return whether a face may be printed."""
        if self.source == "synthetic":
            return self.drawn
        if face.dataset in LISTED_ALONE and face.presentation.rpartition("/")[2] not in self.listed.get(face.dataset, ()):
            return False
        return face.dataset in self.datasets

    def why_omitted(self, faces: Iterable[Face]) -> str:
        """Return one sentence on why some of these faces are not printed; "" if all may be."""
        omitted = {face.dataset for face in faces if not self.allows(face)}
        if not omitted:
            return ""
        if self.source == "synthetic":
            return PORTRAITS
        closed = [DATASETS[name].title for name in DATASETS if name in omitted and name not in self.datasets]
        parts = [f"faces of {', '.join(closed)}, because `{KEY}` does not say that the licence allows it"] if closed else []
        listed = [DATASETS[name].title for name in DATASETS if name in omitted and name in self.datasets]
        parts += [f"files of {title} that its documentation does not list as printable" for title in listed]
        return f"The book omits the pictures of {', and of '.join(parts)}."


def of_params(archives: Any, synthetic: Any, index_reports: Mapping[str, Mapping[str, Any]]) -> Printing:
    """Return what may be printed by params' sections `archives` and `synthetic`.

    `index_reports` (by data set) hold the videos that a release lists as printable.
    """
    listed = {name: index_reports.get(name, {}).get("printable", ()) for name in LISTED_ALONE}
    return Printing(archives.source, synthetic.people, archives.printable, listed)
