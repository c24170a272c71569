"""The settings of archives: params.yaml's `archives`."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

from fasrepro import names
from fasrepro.datasets import MEDIA, PUBLISHED, Dataset

CROPS = "crops"


class ArchiveSettingsError(ValueError):
    """Settings of archives that cannot be; the message names the key and the remedy."""


@dataclasses.dataclass(frozen=True)
class Archives:
    """The archives at hand.

    Args:
        source: synthetic or licensed.
        datasets: those that are present; of a synthetic one, the size that its `plan` takes.
        formats: of a licensed data set that does not lie in its official layout: see `archives.formats`.
        printable: licensed data sets whose licence allows to print their faces: see `report.printing`.
        described: data sets that a manifest brings and that are none of `datasets.PUBLISHED`.
    """

    source: str
    datasets: dict[str, dict[str, Any]]
    formats: dict[str, str] = dataclasses.field(default_factory=dict)
    printable: list[str] = dataclasses.field(default_factory=list)
    described: dict[str, Dataset] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        """Raise `ArchiveSettingsError` for a format or a description that cannot be."""
        where = "params.yaml: archives"
        if self.formats and self.source != "licensed":
            raise ArchiveSettingsError(
                f"{where}.formats: of licensed archives alone; set archives.source to licensed, or remove it"
            )
        for name, form in self.formats.items():
            names.lookup(self.datasets, name, "data set", ArchiveSettingsError, f"{where}.formats")
            self._check_format(f"{where}.formats.{name}", name, form)
        for name, dataset in self.described.items():
            self._check_description(f"{where}.described.{name}", name, dataset)

    def _check_format(self, where: str, name: str, form: str) -> None:
        if form != CROPS and not form.lower().endswith(".csv"):
            raise ArchiveSettingsError(f"{where}: {form!r} is neither {CROPS} nor the path of a .csv file")
        if form == CROPS and name not in PUBLISHED:
            raise ArchiveSettingsError(f"{where}: crops are of a known data set; describe these with a manifest")
        if name not in PUBLISHED and name not in self.described:
            raise ArchiveSettingsError(f"{where}: not a known data set; give its title under archives.described.{name}")

    def _check_description(self, where: str, name: str, dataset: Dataset) -> None:
        if name in PUBLISHED:
            raise ArchiveSettingsError(f"{where}: the data set is known; remove its description")
        if not re.fullmatch(r"[a-z][a-z0-9_]*", name):
            raise ArchiveSettingsError(f"{where}: a name takes small letters, digits and underscores only")
        if self.formats.get(name, CROPS) == CROPS:
            raise ArchiveSettingsError(f"{where}: name its manifest under archives.formats")
        if dataset.letter:
            raise ArchiveSettingsError(f"{where}: letters are of known data sets; declare protocols by name, under `protocols`")
        names.lookup(dict.fromkeys(MEDIA), dataset.media, "media", ArchiveSettingsError, where)
