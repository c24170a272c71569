"""`make readme`: draw README.md's figure, and write its verdicts between their two marks, from the results that are in git.

Nobody types a number of README.md: a test compares its verdicts and its figure with what this module makes of results/.
"""

from __future__ import annotations

from pathlib import Path

from fasrepro import config, files, paths
from fasrepro.report import figures, recorded, tables
from fasrepro.report.claims import ledger
from fasrepro.report.claims.paper1 import LEAVE_ONE_OUT
from fasrepro.report.material import Material
from fasrepro.report.pages.ledger import LEDGER_PARAMS, ledger_rows, summary_row

README = Path("README.md")
FIGURE = paths.BOOK / "_static" / "hter.png"
BEGIN, END = "<!-- verdicts: written by `make readme` -->", "<!-- end of verdicts -->"
RUNS = ("label_only", "vanilla", "reasoning")
QUESTIONS = {  # by claim
    "P1-1": "Does reasoning in the captions lower the classifier's error, against short captions?",
    "P1-2": "Does it lower the error of the verdicts that a reader takes from the explanations, as paper 1 measures?",
    "C-9": "Do reasoning captions lower the classifier's error, against labels without captions?",
}


def material(root: Path = Path()) -> Material:
    """Return what README.md's figure and verdicts are made of."""
    params = config.load(*LEDGER_PARAMS, path=root / paths.PARAMS)
    return Material(vars(params), root=root, sections=recorded.sections(config.read_yaml(root / paths.PARAMS)))


def draw(results: Material, path: figures.Target) -> None:
    """Draw HTER of the three runs on the targets of the leave-one-out protocols."""
    cells = [cell for cell in results.metrics.cells.values() if cell.target in LEAVE_ONE_OUT and cell.run in RUNS]
    figures.measure(tables.in_order(cells, RUNS), RUNS, "hter_dev", path, chance=0.5)


def verdicts(results: Material) -> str:
    """Return one line a question of `QUESTIONS`: the verdict, and the difference that it rests on."""
    rows = ledger_rows(results)
    lines = []
    for claim, question in QUESTIONS.items():
        row = summary_row(rows, claim)
        if row is None:
            raise ValueError(f"claim {claim} has no mean over its protocols: ask another in {__name__}.QUESTIONS")
        difference = tables.interval(row.difference, signed=True)
        lines.append(f"- {question} **{row.verdict.capitalize()}**. {ledger.compared(row)}: {difference}.\n")
    return "".join(lines)


def updated(text: str, lines: str) -> str:
    """Return README.md's text with `lines` between the two marks.

    >>> print(updated(f"before {BEGIN} old {END} after", "new"))
    before <!-- verdicts: written by `make readme` -->
    new
    <!-- end of verdicts --> after
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{README}: no {BEGIN} and {END}")
    return f"{before}{BEGIN}\n{lines.strip()}\n{END}{after}"


def main() -> None:
    """Draw the figure and write the verdicts."""
    results = material()
    draw(results, FIGURE)
    files.write_text(README, updated(README.read_text(encoding="utf-8"), verdicts(results)))
    print(f"{FIGURE}, {README}")


if __name__ == "__main__":
    main()
