"""Fragments that one small file of results decides, each read from where its stage writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from fasrepro import paths, provenance
from fasrepro.report import fragments, grounded, habits
from fasrepro.report.published import Figure


def write(figures: Mapping[str, Figure], runs: Sequence[str], synthetic: bool, folder: Path) -> None:
    """Write what index.json, grounding.json and habits.json say into the existing `folder`; `runs` gives the order.

    Raises `ValueError` for a file that is missing or broken.
    """
    habits.write(provenance.read_json(paths.HABITS), figures, runs, folder)
    texts = {
        "exclusions": fragments.exclusions(provenance.read_json(paths.INDEX_REPORT)),
        "grounding": grounded.table(provenance.read_json(paths.GROUNDING), runs, synthetic),
    }
    fragments.write(texts, folder)
