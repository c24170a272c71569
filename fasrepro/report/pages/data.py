"""The page on the data: the archives that can be read, what the index holds, where face boxes came from, what was excluded, and
contact sheets."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from fasrepro.datasets import DATASETS, TITLES, is_still
from fasrepro.report import contact_sheets, markdown
from fasrepro.report.material import Material, Needs, Release
from fasrepro.rows.faces import BONA_FIDE_SPECIES, SPLITS, Face

NEEDS = Needs(inputs=("faces", "index_reports"), params=("archives", "synthetic", "index"))
NOTHING, UNKNOWN = "–", "not known"
NO_BOX = "none: they are crops"
NAMED = 3  # of the videos with one reason
# What a report of the index calls videos that were read in an unusual way, and how the page says it.
UNUSUAL = {
    "centre": "the centre of the frame is the face box",
    "single_face": "one face",
    "stand_ins": "a neighbouring frame stands in for one without a face",
    "turned": "turned upright",
}
NOT_TOLD = {  # what crops and manifests do not tell
    "box": "box in the frame (that of a crop is the whole crop)",
    "frame": "number of the frame (given is the place among the pictures of the video)",
}


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw a contact sheet for each data set."""
    faces = list(material.faces.values())
    return {
        "answer": markdown.answer(answer(faces)),
        "archives": archives(material.releases, faces),
        "counts": counts(faces),
        "box_sources": box_sources(faces),
        "exclusions": exclusions(material.index_reports),
        "contact_sheets": contact_sheet_figures(material),
    }


def answer(faces: Iterable[Face]) -> str:
    """Return in one sentence what the index holds."""
    faces = list(faces)
    present = [DATASETS[name].title for name in DATASETS if any(face.dataset == name for face in faces)]
    stills = {face.presentation for face in faces if is_still(face.dataset)}
    videos = {face.presentation for face in faces} - stills
    media = [f"{len(shown)} {word}" for shown, word in ((videos, "videos"), (stills, "still images")) if shown]
    subjects = len({face.subject for face in faces})
    return (
        f"{len(faces)} faces from {' and '.join(media)} of {subjects} subjects, in {len(present)} data sets:"
        f" {', '.join(present)}.\n"
    )


def archives(releases: Mapping[str, Release], faces: Iterable[Face]) -> str:
    """Return the table of the data sets that can be read, with what is published of each and how much of it is at hand."""
    indexed = Counter(dataset for dataset, _ in {(face.dataset, face.presentation) for face in faces})
    rows = []
    for name, release in releases.items():
        dataset = DATASETS[name]
        rows.append(
            (
                markdown.Link(dataset.title, dataset.page) if dataset.page else dataset.title,
                subjects_of(release),
                presentations_of(release, dataset.media),
                ", ".join(species.replace("_", " ") for species in release.species),
                ", ".join(release.counts),
                dataset.licence,
                dataset.paper1 or NOTHING,
                dataset.paper2 or NOTHING,
                indexed[name],
            )
        )
    papers = ("paper 1", "paper 2")
    heads = ("data set", "subjects", "presentations", "PAI species", "splits", "access", *papers, "at hand")
    return markdown.table(heads, rows)


def subjects_of(release: Release) -> str:
    """Return how many subjects a release has.

    >>> subjects_of(Release(("print",), {"train": (15, 30, 90), "test": (20, 40, 120)}))
    '35'
    """
    numbers = [count[0] if count else 0 for count in release.counts.values()]
    if all(numbers):
        return str(sum(numbers))
    return str(release.totals[0]) if release.totals else UNKNOWN


def presentations_of(release: Release, media: str) -> str:
    """Return how many presentations a release has, and of which class.

    >>> presentations_of(Release(("print",), {"train": (15, 30, 90), "test": (20, 40, 120)}), "video")
    '280 videos: 70 bona fide, 210 attacks'
    """
    known = [count for count in release.counts.values() if count]
    if len(known) == len(release.counts):
        bona_fide, attacks = sum(count[1] for count in known), sum(count[2] for count in known)
        return f"{bona_fide + attacks} {media}s: {bona_fide} bona fide, {attacks} attacks"
    return f"{release.totals[1]} {media}s" if release.totals else UNKNOWN


def counts(faces: Iterable[Face]) -> str:
    """Return the table of subjects, presentations (videos or still images) and faces for each data set and split."""
    groups: dict[tuple[str, str], list[Face]] = {}
    for face in faces:
        groups.setdefault((face.dataset, face.split), []).append(face)
    rows = []
    for dataset in DATASETS:
        for split in SPLITS:
            group = groups.get((dataset, split))
            if not group:
                continue
            bona_fide = {face.presentation for face in group if face.species == BONA_FIDE_SPECIES}
            attacks = {face.presentation for face in group} - bona_fide
            subjects = {face.subject for face in group}
            rows.append((DATASETS[dataset].title, split, len(subjects), len(bona_fide), len(attacks), len(group)))
    return markdown.table(("data set", "split", "subjects", "bona fide presentations", "attack presentations", "faces"), rows)


def box_sources(faces: Iterable[Face]) -> str:
    """Return the table of where the face boxes came from, a row a data set and source."""
    numbers = Counter((face.dataset, face.box_source) for face in faces)
    rows = [
        (DATASETS[dataset].title, NO_BOX if source == "none" else source, number)
        for (dataset, source), number in sorted(numbers.items())
    ]
    return markdown.table(("data set", "face box from", "faces"), rows)


def exclusions(reports: Mapping[str, Mapping[str, Any]]) -> str:
    """Return which files the index excluded and which videos it read in an unusual way, counted by data set and reason.

    Also what is not known of faces that lie as crops or that a manifest describes.
    """
    excluded: dict[tuple[str, str], list[str]] = {}
    unusual: dict[tuple[str, str], list[str]] = {}
    for dataset, report in reports.items():
        for path, reason in report["excluded"].items():
            excluded.setdefault((DATASETS[dataset].title, common_reason(reason)), []).append(path)
        for key, words in UNUSUAL.items():
            if report[key]:
                unusual[DATASETS[dataset].title, words] = list(report[key])
    total = sum(report["videos"] for report in reports.values())
    text = _reasons("excluded because", "files", excluded) if excluded else f"None of {total} presentations was excluded.\n"
    text += "\n" + _reasons("unusual", "videos", unusual) if unusual else ""
    unknown = [
        (DATASETS[dataset].title, NOT_TOLD[what], number)
        for dataset, report in reports.items()
        for what, number in report.get("unknown", {}).items()
    ]
    return text + ("\n" + markdown.table(("data set", "not known", "faces"), unknown) if unknown else "")


def common_reason(reason: str) -> str:
    """Return the part that a reason shares with others: up to a colon, with names that end in a number replaced by dots.

    >>> common_reason("truncated: 31 of 52 frames"), common_reason("Live_12 is in no list of Protocol I")
    ('truncated', '... is in no list of Protocol I')
    """
    return re.sub(r"\w*\d\b(?!/)", "...", reason.partition(": ")[0])


def _reasons(heading: str, unit: str, groups: Mapping[tuple[str, str], list[str]]) -> str:
    rows = []
    for (dataset, reason), files in groups.items():
        more = f" and {len(files) - NAMED} more" if len(files) > NAMED else ""
        rows.append((dataset, reason, len(files), ", ".join(files[:NAMED]) + more))
    return markdown.table(("data set", heading, unit, "which"), rows)


def printable_by_dataset(material: Material) -> dict[str, list[Face]]:
    """Return the faces that may be printed, by data set, without data sets that have none."""
    by_dataset: dict[str, list[Face]] = {name: [] for name in TITLES}
    for face in material.printable_faces.values():
        by_dataset[face.dataset].append(face)
    return {name: faces for name, faces in by_dataset.items() if faces}


def pictured(material: Material) -> list[Face]:
    """Return the faces of all contact sheets."""
    sheets = map(contact_sheets.sample_kinds, printable_by_dataset(material).values())
    return [face for sheet in sheets for members in sheet.values() for face in members]


def contact_sheet_figures(material: Material) -> str:
    """Draw a contact sheet of each data set's faces that may be printed, and return the fragment that shows them."""
    crops = material.pictures().crops
    parts = []
    for dataset, faces in printable_by_dataset(material).items():
        title = TITLES[dataset]
        kinds = [kind.replace("\n", ", ") for kind in contact_sheets.by_kind(faces)]
        parts.append(
            material.draw(
                f"contact_{dataset}",
                lambda path, faces=faces: contact_sheets.draw_contact_sheet(faces, crops, path),
                f"{title}: a column for each kind of presentation, with the PAI species and below it the archive's word for the"
                " instrument.",
                f"Faces of {title}: {'; '.join(kinds)}",
            )
        )
    omitted = material.printing.why_omitted(material.faces.values())
    return "\n".join([*parts, *([f"{omitted}\n"] if omitted else [])])
