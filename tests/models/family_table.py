"""The manual's table of families and steps, written from what `make test-families` saw, between two markers."""

from __future__ import annotations

import importlib.metadata
import re
from collections.abc import Sequence

from fasrepro import files
from fasrepro.models import needs
from tests.layout import ROOT
from tests.test_dependencies import pinned

MANUAL = ROOT / "book" / "manual.md"
BEGIN, END = "<!-- table of families: written by `make test-families` -->", "<!-- end of the table of families -->"
NOT_RUN = "fails"
PACKAGES = {"transformers": "requirements.lock", "torchvision": "requirements-vlm.lock"}

_RESULTS: dict[tuple[str, str], str] = {}


def note(family: str, step: str, result: str) -> None:
    """Keep what a passed test saw: that the step runs, or that it is refused by name."""
    _RESULTS[family, step] = result


def locked_versions() -> dict[str, str]:
    """Return the versions that the locks pin of what a family's steps depend on most."""
    return {package: pinned(lock)[package] for package, lock in PACKAGES.items()}


def text(families: Sequence[str], steps: Sequence[str]) -> str:
    """Return the table of the results so far; a step without one fails."""
    versions = {package: importlib.metadata.version(package).split("+")[0] for package in PACKAGES}
    lines = [f"| family | needs | {' | '.join(steps)} |", "|---" * (len(steps) + 2) + "|"]
    for family in families:
        cells = [_RESULTS.get((family, step), NOT_RUN) for step in steps]
        lines.append(f"| `{family}` | {', '.join(needs.NEEDS[family]) or '-'} | {' | '.join(cells)} |")
    seen = ", ".join(f"`{package} {version}`" for package, version in versions.items())
    return "\n".join([*lines, "", f"Tried with {seen}."])


def write(families: Sequence[str], steps: Sequence[str]) -> None:
    """Put the table in its place in the manual."""
    manual = MANUAL.read_text(encoding="utf-8")
    before, _, rest = manual.partition(BEGIN)
    files.write_text(MANUAL, f"{before}{BEGIN}\n\n{text(families, steps)}\n\n{END}{rest.partition(END)[2]}")


def read() -> tuple[list[str], list[str], dict[str, str]]:
    """Return the steps, the families and the packages' versions of the table in the manual; none where a step fails."""
    table = MANUAL.read_text(encoding="utf-8").partition(BEGIN)[2].partition(END)[0]
    rows = [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in table.splitlines() if line.startswith("|")]
    whole = [row for row in rows[2:] if NOT_RUN not in row]
    versions = dict(re.findall(r"(\w+) (\d[\d.]*\d)", table.rpartition("Tried with")[2]))
    return rows[0][2:], [row[0] for row in whole], versions
