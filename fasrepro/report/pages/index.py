"""The first page: where the data come from, and what came out in short."""

from __future__ import annotations

from fasrepro.report import markdown
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


def note(material: Material) -> str:
    """Return the admonition of every page that shows results: what the archives are."""
    if not material.is_synthetic:
        return NOTES["licensed"]
    return NOTES["drawn" if material.printing.drawn else "portraits"]


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments."""
    rows = ledger.ledger_rows(material)
    provenance = f"{markdown.escape(material.provenance)}\n"
    return {"note": note(material), "provenance": provenance, "ledger_short": ledger.short_table(rows)}
