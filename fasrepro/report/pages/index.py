"""The first page: what one knows now in a few sentences and three figures, and where the data come from."""

from __future__ import annotations

from fasrepro.report import markdown, overview
from fasrepro.report.material import Material, Needs
from fasrepro.report.pages import ledger

NEEDS = Needs(
    inputs=(*ledger.LEDGER_INPUTS,),
    params=(*ledger.LEDGER_PARAMS,),
)
NOTES = {
    "drawn": """:::{admonition} Synthetic archives
:class: warning
A program drew the faces in this book, with spoof cues that it placed and knows. They say **nothing** about faces in the world, or
about the licensed data sets whose layout they follow. They can show whether the mechanism that a paper claims is present when
everything else is known.
:::
""",
    "portraits": """:::{admonition} Synthetic presentations of real portraits
:class: warning
The presentations in this book were rendered from portrait photographs, with spoof cues that a program placed and knows. They say
**nothing** about attacks in the world, or about the licensed data sets whose layout they follow. The portraits are used under
their own terms and are not printed here.
:::
""",
    "licensed": """:::{admonition} Licensed archives
:class: note
The figures in this book come from the licensed data sets. Pictures of their faces are printed only where the licence allows it
and `archives.printable` in `params.yaml` says so.
:::
""",
}


DIFFERENCES = (
    "The difference in HTER that decides each claim about an error, with its interval. Below zero, the run that is named first is"
    " the better one."
)
VERDICTS = "How many claims have which verdict."


def note(material: Material) -> str:
    """Return the admonition of every page that shows results: what the archives are."""
    if not material.is_synthetic:
        return NOTES["licensed"]
    return NOTES["drawn" if material.printing.drawn else "portraits"]


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figures."""
    rows = ledger.ledger_rows(material)
    provenance = f"{markdown.escape(material.provenance)}\n"
    return {
        "sentences": overview.sentences(rows),
        "figure_differences": material.draw("differences", lambda path: overview.draw_differences(rows, path), DIFFERENCES),
        "figure_sights": ledger.sight_figure(material),
        "figure_verdicts": material.draw("verdicts", lambda path: overview.draw_verdicts(rows, path), VERDICTS),
        "note": note(material),
        "provenance": provenance,
        "ledger_short": ledger.short_table(rows),
    }
