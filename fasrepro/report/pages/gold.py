"""The page on captions in six tags: which faces they are about, how they came to be, and whether they describe their images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fasrepro.report import gallery, markdown, tables
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.published import Published, derived_mark
from fasrepro.report.tables import words
from fasrepro.rows.faces import Face

NEEDS = Needs(
    inputs=("captions", "caption_reports", "faces", "truths", "published"),
    params=("archives", "synthetic", "captions"),
)
SET, SILVER = "gold", "silver"
NO_SILVER = "No caption model has written captions here.\n"
ABSENT = (
    "There are no captions in six tags here: the data sets that they are about are absent. `make reproduce"
    " PROFILE=one_to_eleven` makes them.\n"
)
# The steps of the funnel, in order: keys of the report's funnel.
STEPS = {
    "sampled": "faces sampled",
    "agreed": "conclusion is the label, first round",
    "asked_again": "asked once more, with another prompt",
    "agreed_later": "conclusion is the label, second round",
    "edited": "edited",
    "dropped": "dropped",
    "left": "left to people",
}
# Species of which the paper gives the number of its gold captions.
PUBLISHED_SPECIES = {
    "adult_doll": "p2_gold_adult_doll",
    "mask_3d": "p2_gold_mask_3d",
    "garage_kit": "p2_gold_garage_kit",
}


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and copy the faces of its examples."""
    report = material.caption_reports.get(SET)
    if report is None:
        names = ("funnel", "rejected", "species", "cues", "examples", "silver")
        return dict.fromkeys(names, markdown.NOTHING) | {"answer": markdown.answer(ABSENT)}
    return {
        "answer": markdown.answer(answer(report)),
        "funnel": funnel(report["funnel"], material.published),
        "rejected": rejected(report),
        "species": species(report, material.published),
        "cues": cues(report),
        "examples": beside_image(material, SET),
        "silver": beside_image(material, SILVER) if material.captions.get(SILVER) else NO_SILVER,
    }


def pictured(material: Material) -> list[Face]:
    """Return the faces whose captions are shown beside their image."""
    if SET not in material.caption_reports:
        return []
    shown = [name for name in (SET, SILVER) if material.captions.get(name)]
    return [face for name in shown for face in gallery.captioned(material.faces, {name: material.captions[name]})]


def beside_image(material: Material, name: str) -> str:
    """Return a set's captions beside their image, of one face of each species; each sentence is marked by the cues it names."""
    texts = {name: material.captions[name]}
    return gallery.captions(material.faces, texts, material.truths, material.pictures(), gallery.mark_sentences)


def answer(report: Mapping[str, Any]) -> str:
    """Return in one sentence how many captions there are, and how many the annotator wrote at once."""
    steps = report["funnel"]
    share = tables.number(steps["agreed"] / steps["sampled"])
    return (
        f"Of {steps['sampled']} faces, {report['captions']} have a caption in six tags whose conclusion is the label; a share of"
        f" {share} had it from the annotator's first reply.\n"
    )


def paper_steps(published: Mapping[str, Published]) -> dict[str, tuple[float, str]]:
    """Return the number of each step that the paper gives, or that follows from it, with its evidence mark."""
    sampled, agreed, edited = (published[f"p2_gold_{name}"] for name in ("sampled", "agreed", "edited"))
    mark = derived_mark(sampled, agreed, edited)
    asked_again = sampled.value - agreed.value
    return {
        "sampled": (sampled.value, f"[{sampled.evidence}]"),
        "agreed": (agreed.value, f"[{agreed.evidence}]"),
        "asked_again": (asked_again, mark),
        "agreed_later": (asked_again - edited.value, mark),
        "edited": (edited.value, f"[{edited.evidence}]"),
    }


def funnel(steps: Mapping[str, Any], published: Mapping[str, Published]) -> str:
    """Return the table of the steps from a sampled face to its caption, beside the paper's, and who edited."""
    paper, whole = paper_steps(published), published["p2_gold_sampled"].value
    rows = []
    for key, title in STEPS.items():
        count = sum(steps[key].values()) if key == "edited" else steps[key]
        number, mark = paper.get(key, (None, ""))
        theirs = (tables.NONE, tables.NONE) if number is None else (f"{number:,.0f} {mark}", f"{number / whole:.4f}")
        rows.append((title, count, f"{count / steps['sampled']:.4f}", *theirs))
    editors = ", ".join(f"{author} ({count})" for author, count in steps["edited"].items())
    text = markdown.table(("step", "here", "share", "paper", "share"), rows)
    return f"{text}\nEdited by: {escape(editors)}.\n" if editors else text


def rejected(report: Mapping[str, Any]) -> str:
    """Return the table of the reasons why a reply was no caption with the label's conclusion."""
    rows = [(reason, count) for reason, count in sorted(report["rejected"].items(), key=lambda row: (-row[1], row[0]))]
    return tables.table_or_notice(("reason", "replies"), rows, "Every reply was a caption with the label's conclusion.\n")


def species(report: Mapping[str, Any], published: Mapping[str, Published]) -> str:
    """Return the table of the faces of each kind, with the paper's numbers where it gives them."""
    rows = [
        (words(name), group["faces"], group["captions"], _paper_count(name, published))
        for name, group in sorted(report["species"].items(), key=lambda row: (-row[1]["faces"], row[0]))
    ]
    return markdown.table(("species", "faces", "captions", "paper"), rows)


def _paper_count(name: str, published: Mapping[str, Published]) -> str:
    return published[PUBLISHED_SPECIES[name]].shown if name in PUBLISHED_SPECIES else tables.NONE


def cues(report: Mapping[str, Any]) -> str:
    """Return the table of what the captions of attacks name, by species: shares of captions."""
    rows = [
        (words(name), group["captions"], tables.number(group["no_cue"]), tables.number(group["fits_not_image"]))
        for name, group in sorted(report["species"].items())
        if group["no_cue"] is not None
    ]
    columns = ("species", "captions", "names no cue", "fits, but absent")
    return tables.table_or_notice(columns, rows, "No caption is of an attack.\n")
