"""The page on captions: who writes them and how they are asked, the controls, and what the captions are like."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping
from typing import Any, TypeAlias

from fasrepro.datasets import DATASETS
from fasrepro.report import gallery, markdown, tables
from fasrepro.report.claims.ledger import SIMULATED
from fasrepro.report.markdown import escape
from fasrepro.report.material import CaptionWords, Material, Needs
from fasrepro.report.tables import words
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face

NEEDS = Needs(
    inputs=("captions", "caption_reports", "faces", "truths"),
    params=("archives", "synthetic", "annotator", "simulated", "captions"),
)
SHARES = {"near_duplicates": "near-duplicates", "no_cue": "names no cue", "fits_not_image": "fits, but absent"}
LENGTHS = {"mean": "mean words", "p5": "5th percentile", "p50": "50th", "p95": "95th"}
NO_CONTROL = "There is no control.\n"
NOT_PUBLISHED = "No caption here is of others: each was written for this run.\n"

Reports: TypeAlias = Mapping[str, Mapping[str, Any]]  # of each written caption set, as results/captions_report holds it


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and copy the faces of its examples."""
    reports = material.caption_reports
    picture = material.pictures()

    def beside_image(derived: bool) -> str:
        return gallery.captions(material.faces, captions_of_sets(material, derived), material.truths, picture)

    return {
        "answer": markdown.answer(answer(reports)),
        "annotator": annotator(material.params.annotator, material.params.simulated, material.caption_words),
        "prompts": prompts(material.caption_words),
        "controls": controls(material.caption_words),
        "control_captions": beside_image(derived=True),
        "published": published(reports, material.caption_words),
        "annotation": annotation_table(reports),
        "by_set": table_by_set(reports),
        "by_species": table_by_species(reports),
        "by_dataset": table_by_dataset(reports),
        "examples": examples(reports),
        "captions": beside_image(derived=False),
    }


def captions_of_sets(material: Material, derived: bool) -> dict[str, dict[str, Caption]]:
    """Return the captions of the derived sets, or of the others, by set and face_id.

    Sets of parts of people have a page of their own, and their faces are not those of the other sets. So they are omitted here,
    with what is made from them.
    """
    entries = material.params.captions
    kept = [name for name, entry in entries.items() if entry.is_derived == derived and _is_of_all_people(entries, name)]
    return {name: material.captions[name] for name in kept}


def _is_of_all_people(entries: Mapping[str, Any], name: str) -> bool:
    """Return whether neither a set nor one that it is made from is about a part's people."""
    return entries[name].faces is None and all(_is_of_all_people(entries, parent) for parent in entries[name].parents)


def pictured(material: Material) -> list[Face]:
    """Return the faces whose captions are shown beside their image."""
    groups = [captions_of_sets(material, derived) for derived in (True, False)]
    return [face for texts in groups for face in gallery.captioned(material.faces, texts)]


def answer(reports: Reports) -> str:
    """Return in one sentence how many captions were written, and how many failed."""
    captions = sum(report["captions"] for report in reports.values())
    failed = sum(len(report["failed"]) for report in reports.values())
    return f"{captions} captions were written in {len(reports)} sets, and {failed or 'none'} failed.\n"


def host_of(url: str) -> str:
    """Return a URL's host and path, without user, password and query, which can hold secrets."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def annotator(settings: Any, failings: Any, sets: Mapping[str, CaptionWords]) -> str:
    """Return who writes the captions, and whether they know the label; `settings` and `failings` are params' sections."""
    model = escape(str(settings.model))
    if settings.base_url == SIMULATED:
        who = (
            f"Here the annotator is simulated (model {model}): a program behind a server on this machine that knows which"
            f" cues are in an image, and errs at set rates. It misses a cue with probability {failings.missed_cue:g} and, if"
            f" it knows the label, invents a cue typical of the attack with probability {failings.invented_cue:g}."
        )
    else:
        who = f"Here the annotator is {model} at {escape(host_of(settings.base_url))}."
    blind = [f"`{name}`" for name, entry in sets.items() if entry.prompt and not entry.may_know_label]
    if settings.label_aware:
        label = (
            "As in both papers **[2]**, the annotator's prompt states whether the face is bona fide, and if not, the kind of"
            " attack. A caption therefore justifies a known label; it is not a reading of the image."
        )
        label += f" The exceptions are {' and '.join(blind)}, whose prompts state neither." if blind else ""
    else:
        label = (
            "Unlike in both papers **[2]**, the annotator's prompt does not state the label: a caption is its own reading of the"
            " image."
        )
    return f"{who}\n\n{label}\n"


def prompts(sets: Mapping[str, CaptionWords]) -> str:
    """Return the prompt of each written caption set, with its version."""
    blocks = []
    for name, entry in sets.items():
        if entry.prompt:
            lines = [line.replace("`", "'") for line in entry.prompt.strip().splitlines()]
            block = [f"**{name}** (version `{entry.prompt_version}`)", "", "```text", *lines, "```", ""]
            blocks.append("\n".join(block))
    return "\n".join(blocks)


def controls(sets: Mapping[str, CaptionWords]) -> str:
    """Return the table of derived caption sets: what each is made from, and what it lacks."""
    rows = [(name, entry.source, entry.lacks) for name, entry in sets.items() if entry.source]
    return tables.table_or_notice(("control", "made from", "what it lacks"), rows, NO_CONTROL)


def published(reports: Reports, sets: Mapping[str, CaptionWords]) -> str:
    """Return the table of caption sets that others published: what could be joined to faces, and what is uncertain."""
    rows = []
    for name, report in reports.items():
        if "published" not in report:
            continue
        counts = report["published"]
        omitted = counts["not_joined"] | counts["left_out"]
        reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(omitted.items())) or "none"
        uncertain, added = counts["frame_ambiguous"], counts["verdicts_added"]
        rows.append((name, escape(sets[name].table), counts["rows"], report["captions"], escape(reasons), uncertain, added))
    columns = (
        "captions",
        "taken from",
        "published",
        "used",
        "not used, by reason",
        "perhaps of the video's other frame",
        "sentence of the verdict added",
    )
    return tables.table_or_notice(columns, rows, NOT_PUBLISHED)


def annotation_table(reports: Reports) -> str:
    """Return what annotation took, a row a caption set."""
    rows = []
    for name, report in reports.items():
        rejected = ", ".join(f"{reason} {count}" for reason, count in sorted(report["rejected"].items())) or "none"
        agreement = tables.number(report["verdict_agreement"])
        failed, length = len(report["failed"]), report["mean_words"]
        rows.append((name, report["faces"], report["captions"], failed, rejected, length, agreement))
    columns = (
        "captions",
        "faces",
        "captions written",
        "failed",
        "rejected replies, by reason",
        "mean words",
        "verdict is the label",
    )
    return markdown.table(columns, rows)


def _length(value: float | None) -> str:
    return tables.NONE if value is None else f"{value:.1f}"


def _shares(group: Mapping[str, Any]) -> list[str]:
    return [tables.number(group[name]) for name in SHARES]


def table_by_set(reports: Reports) -> str:
    """Return the table of lengths and shares, a row a caption set, and the definition of a near-duplicate."""
    rows = [
        (name, report["captions"], *(_length(report["words"][key]) for key in LENGTHS), *_shares(report))
        for name, report in reports.items()
    ]
    text = markdown.table(("captions", "number", *LENGTHS.values(), *SHARES.values()), rows)
    if not reports:
        return text
    near = next(iter(reports.values()))["near"]
    return text + (
        f"\nTwo captions are near-duplicates if their sets of runs of {near['words_a_run']} words have a Jaccard similarity of at"
        f" least {near['jaccard']:g}.\n"
    )


def table_by_species(reports: Reports) -> str:
    """Return the table of the captions of each species, a row a caption set and species."""
    rows = [
        (name, words(species), group["captions"], _length(group["words"]["mean"]), *_shares(group))
        for name, report in reports.items()
        for species, group in sorted(report["species"].items())
    ]
    return markdown.table(("captions", "species", "number", "mean words", *SHARES.values()), rows)


def table_by_dataset(reports: Reports) -> str:
    """Return the table of each data set, a row a caption set and data set, with what annotation took there."""
    rows = []
    for name, report in reports.items():
        for dataset in DATASETS:
            group = report["datasets"].get(dataset)
            if group is None:
                continue
            rejected = sum(group["rejected"].values())
            counts = (group["faces"], group["failed"], rejected, _length(group["words"]["mean"]))
            rows.append((name, DATASETS[dataset].title, *counts, *_shares(group)))
    columns = ("captions", "data set", "faces", "failed", "rejected replies", "mean words", *SHARES.values())
    return markdown.table(columns, rows)


def examples(reports: Reports) -> str:
    """Return the example captions as cards, by species and caption set; a caption is text that a model wrote, and is escaped."""
    items = [
        markdown.card(f"{words(species)}, {name}: {example['face_id']}", escape(example["text"]), None)
        for species in sorted({species for report in reports.values() for species in report["examples"]})
        for name, report in reports.items()
        for example in report["examples"].get(species, [])
    ]
    return markdown.card_grid(items) if items else tables.NO_RESULTS
