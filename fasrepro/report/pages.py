"""Everything that the book's pages include but the tables of results: pictures, figures, galleries, counts."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import files, paths
from fasrepro.datasets import TITLES
from fasrepro.report import explorer, figures, fragments, gallery, pictures, specimens, world
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face, Label
from fasrepro.rows.scores import Explanation, Judgement, Score
from fasrepro.rows.truth import Truth

PREFIX = "_generated"


def by_id(rows: Sequence[Any]) -> dict[str, Any]:
    """Return rows by their face_id, which must be theirs alone: faces, truths, one style's captions."""
    return {row.face_id: row for row in rows}


def captions_of(style: str) -> dict[str, Caption]:
    """Return the captions of a style or control by face_id."""
    return by_id(table.read(paths.captions(style), Caption))


@dataclasses.dataclass(frozen=True)
class Material:
    """What the stages wrote, as rows. `show_faces`: whether pictures of faces may be printed; `known`: of a synthetic world."""

    faces: Mapping[str, Face]
    truths: Mapping[str, Truth]
    crops: Path
    captions: Mapping[str, Mapping[str, Caption]]
    controls: Mapping[str, Mapping[str, Caption]]
    scores: Mapping[str, Sequence[Score]]
    explanations: Mapping[str, Sequence[Explanation]]
    judgements: Sequence[Judgement]
    metrics: Mapping[str, Any]
    show_faces: bool
    known: world.Known = world.NOTHING


def read(
    jobs: Sequence[str],
    styles: Sequence[str],
    controls: Sequence[str],
    metrics: Mapping[str, Any],
    synthetic: bool,
    show_faces: bool,
) -> Material:
    """Return what the stages wrote about these jobs, styles and controls; only of `synthetic` archives is there a truth."""
    return Material(
        faces=by_id(table.read(paths.FACES, Face)),
        truths=by_id(table.read(paths.TRUTH, Truth)) if synthetic else {},
        crops=paths.CROPS,
        captions={style: captions_of(style) for style in styles},
        controls={name: captions_of(name) for name in controls},
        scores={job: table.read(paths.scores(job), Score) for job in jobs},
        explanations={job: table.read(paths.explanations(job), Explanation) for job in jobs},
        judgements=table.read(paths.JUDGEMENTS, Judgement),
        metrics=metrics,
        show_faces=show_faces,
        known=world.load(paths.WORLD, paths.CUE_PAIRS),
    )


def contact_sheets(material: Material, folder: Path) -> str:
    """Draw a contact sheet for each data set and return the fragment that shows them."""
    if not material.show_faces:
        return f"{gallery.HIDDEN}\n"
    parts = []
    for dataset, name in TITLES.items():
        faces = [face for face in material.faces.values() if face.dataset == dataset]
        if faces:
            shown = pictures.contact_sheet(faces, material.crops, folder / f"figures/contact_{dataset}.png")
            caption = (
                f"{name}: a column for each kind of presentation; below the PAI species the archive's word for the instrument."
            )
            parts.append(fragments.figure(f"contact_{dataset}", caption, f"Faces of {name}: {'; '.join(shown)}"))
    return "\n".join(parts)


def result_figures(material: Material, runs: Sequence[str], folder: Path) -> dict[str, str]:
    """Draw the figures of results; returns a fragment for each by its name."""
    metrics, found = material.metrics, {}
    drawings = {
        "hter": (
            lambda path: figures.measure(metrics, runs, "hter_dev", path, chance=0.5),
            "HTER on the target at the threshold chosen on the sources' dev videos, with intervals. Lower is better.",
        ),
        "auc": (
            lambda path: figures.measure(metrics, runs, "auc", path, chance=0.5),
            "AUC on the target, with intervals. Higher is better.",
        ),
        "thresholds": (
            lambda path: figures.thresholds(metrics, runs, path),
            "HTER at the dev threshold and at the oracle threshold, which is chosen on the target itself: a line's length is what"
            " choosing on the target would flatter.",
        ),
        "scores": (
            lambda path: figures.score_distributions(*_target_scores(material, runs), path),
            "Scores of the target's test faces, by frame; dashed: the dev threshold (one a seed).",
        ),
        "species": (
            lambda path: figures.species(metrics, runs, path),
            "APCER of each PAI species at the dev threshold, by video, with intervals. Lower is better.",
        ),
        "readers": (
            lambda path: figures.readers(metrics, runs, "hter", path),
            "HTER of the verdict that a reader takes from the explanation (undecided counts as an error), with intervals.",
        ),
    }
    for name, (draw, caption) in drawings.items():
        draw(folder / f"figures/{name}.png")
        found[f"figure_{name}"] = fragments.figure(name, caption, caption)
    return found


def _target_scores(
    material: Material, runs: Sequence[str]
) -> tuple[dict[tuple[str, str], dict[str, list[float]]], dict[tuple[str, str], list[float]]]:
    scores, cuts = {}, {}
    jobs = material.metrics["jobs"]
    for name in sorted(jobs, key=lambda job: (jobs[job]["protocol"], runs.index(jobs[job]["run"]))):
        job, parts = jobs[name], {"bona fide": [], "attack": []}
        for score in material.scores[name]:
            face = material.faces[score.face_id]
            if face.dataset == job["target"] and face.split == "test":
                parts["attack" if face.label is Label.ATTACK else "bona fide"].append(score.p_attack)
        scores[job["protocol"], job["run"]] = parts
        cuts[job["protocol"], job["run"]] = [cell["threshold_dev"] for _, cell in sorted(job["seeds"].items())]
    return scores, cuts


def write(material: Material, runs: Sequence[str], reader: str, folder: Path) -> None:
    """Write all fragments and pictures of this module to the existing folder `folder`.

    `runs` gives the order of runs in figures; `reader` whose verdicts call an explanation right or wrong.
    """
    picture = gallery.Pictures(material.crops, folder / "faces", f"{PREFIX}/faces", material.show_faces)
    told = explorer.told(material.metrics["jobs"], material.explanations, material.judgements, reader, material.faces)
    pieces = {
        "contact_sheets": contact_sheets(material, folder),
        **world.fragments_of(material.known, list(material.faces.values()), material.truths),
        **specimens.fragments_of(material.known, material.faces, material.truths, material.crops, folder, material.show_faces),
        "counts": fragments.counts(material.faces.values()),
        "box_sources": fragments.box_sources(material.faces.values()),
        "captions": gallery.captions(material.faces, material.captions, material.truths, picture),
        "control_captions": gallery.captions(material.faces, material.controls, material.truths, picture),
        "explanation_counts": explorer.counts(told, material.faces),
        "explanations": explorer.fragment(told, material.faces, material.truths, picture),
        **result_figures(material, runs, folder),
    }
    for name, text in pieces.items():
        files.write_text(folder / f"{name}.md", text)
