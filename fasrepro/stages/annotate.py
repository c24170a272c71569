"""Captions of a set that an author writes, for official train faces: `python -m fasrepro.stages.annotate --set vanilla`.

The annotator is asked for them, or they are taken from a table that others published. Faces of a set in rounds that no round gave
a caption go to people; where the annotator is simulated, so are they, and their edits are written beside the captions.
"""

from __future__ import annotations

import argparse
import functools
import json
import sys
from collections import Counter
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

from fasrepro import config, files, paths, stages
from fasrepro.captions import annotate, published, report, review, sets
from fasrepro.captions.sets import CaptionSet, CaptionSetError
from fasrepro.captions.styles import Style
from fasrepro.llm import endpoints
from fasrepro.llm.store import Store
from fasrepro.llm.types import Failure
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.simulation import editor
from fasrepro.stages import annotation
from fasrepro.stages.annotation import AnnotationTask

MAX_LEFT_TO_PEOPLE = 0.1  # share of the faces of a set in rounds; FaceCoT's experts had 0.6 % to edit


def edits_of(name: str, faces: list[Face], style: Style, label_aware: bool) -> review.Edits:
    """Return what people decided about a set; print how many decisions are about other images."""
    edits = review.captions(faces, style, paths.review(name), label_aware)
    if edits.others:
        print(
            f"{paths.review(name)}: {len(edits.others)} edits are about images that are not captioned here and are not used,"
            f" as that of {edits.others[0]}",
            file=sys.stderr,
        )
    if len(edits.dropped) == len(faces):
        raise review.EditError(f"{paths.review(name)}: every face is dropped; keep some, or take the set out of params.yaml")
    return edits


def asked(name: str, caption_set: CaptionSet, params: SimpleNamespace) -> tuple[list[Caption], dict[str, Any]]:
    """Return the captions that the annotator writes, and the report on them."""
    task = annotation.annotation_task(
        caption_set, params.annotator, params.simulated, params.parts, params.archives.source, params.synthetic.people
    )
    edits = edits_of(name, task.faces, task.style, task.label_aware)
    is_edited = task.rounds > 0 and task.simulated is not None
    with annotation.open_endpoint(task.endpoint, task.simulated) as endpoint, Store(paths.store()) as store:
        print(annotate.check_licences(task.faces, endpoint, task.may_leave), file=sys.stderr)
        captions, figures = annotate.annotate(
            [face for face in task.faces if face.face_id not in edits.dropped],
            paths.CROPS,
            task.style,
            endpoint,
            store,
            task.label_aware,
            edits=edits.captions,
            present=task.present,
            progress=endpoints.progress_to_stderr(f"annotate {name}"),
            max_failed_share=MAX_LEFT_TO_PEOPLE if task.rounds else annotate.MAX_FAILED,
            rounds=task.rounds,
            mend=functools.partial(simulated_edits, name, task) if is_edited else None,
        )
    dropped = sorted([*edits.dropped, *figures.get("dropped", [])])
    if dropped:
        figures["dropped"] = dropped
    if task.rounds:
        edited = Counter(caption.model for caption in captions if caption.model in (review.MODEL, editor.EDITOR))
        rounds = figures.pop("rounds")
        figures["funnel"] = report.funnel(len(task.faces), rounds, edited, len(dropped), len(figures["failed"]))
    return captions, figures


def simulated_edits(name: str, task: AnnotationTask, failures: Mapping[str, Failure]) -> review.Edits:
    """Write what the simulated editor decides about the faces that failed to results/reviews/<set>.jsonl, and return it."""
    faces = [face for face in task.faces if face.face_id in failures]
    rows = [editor.decision(face, task.truths[face.face_id], task.style, failures[face.face_id].reason).row() for face in faces]
    path = paths.simulated_review(name)
    files.write_text(path, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    return review.captions(faces, task.style, path, task.label_aware, editor.EDITOR)


def _dropped(edits: review.Edits) -> dict[str, Any]:
    """Return the report's entry on faces that people dropped from the set; none where there are none."""
    return {"dropped": sorted(edits.dropped)} if edits.dropped else {}


def taken(name: str, caption_set: CaptionSet, params: SimpleNamespace) -> tuple[list[Caption], dict[str, Any]]:
    """Return the captions that others published, and the report on them; print which rows gave none."""
    datasets = list(params.parts) if caption_set.faces else params.annotator.datasets
    faces, style = annotation.faces_of(caption_set, datasets, params.parts), caption_set.written_style
    edits = edits_of(name, faces, style, label_aware=True)
    rows = published.read(caption_set.table, caption_set.config, caption_set.revision)
    present = annotation.present_cues(faces)
    kept = [face for face in faces if face.face_id not in edits.dropped]
    captions, figures, notices = published.join(rows, kept, style, edits=edits.captions, present=present)
    for notice in notices:
        print(f"{name}: {notice}", file=sys.stderr)
    return captions, figures | _dropped(edits)


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<set>.parquet, results/captions_report/<set>.json and results/reviews/<set>.jsonl."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    name = parser.parse_args(argv).set
    params = config.load("archives", "synthetic", "annotator", "simulated", "parts", "captions")
    sets.check(params.captions)
    caption_set = sets.lookup(params.captions, name)
    if caption_set.is_derived:
        stage = "join" if caption_set.joined else "derive"
        raise CaptionSetError(f"{name} is made from {' and '.join(caption_set.parents)}: run `dvc repro {stage}@{name}`")
    if caption_set.author == sets.CAPTIONER:
        raise CaptionSetError(f"{name} is written by the caption model {caption_set.captioner}: run `dvc repro caption@{name}`")
    files.write_text(paths.simulated_review(name), "")  # most sets have no simulated edit
    if caption_set.author == sets.PUBLISHED:
        captions, figures = taken(name, caption_set, params)
    else:
        captions, figures = asked(name, caption_set, params)
    table.write(paths.captions(name), captions, Caption)
    files.write_json(paths.captions_report(name), figures)
    print(f"{name}: {figures['captions']} captions of {figures['faces']} faces, {len(figures['failed'])} failed")
    if "funnel" in figures:
        print(f"{name}: {report.funnel_line(figures['funnel'])}")
    if "dropped" in figures:
        print(f"{name}: people dropped {len(figures['dropped'])} faces, which have no caption")
    if figures["failed"]:
        print(f"{name}: `fasrepro annotate --set {name} --to-people` hands the failed faces to people")


if __name__ == "__main__":
    stages.run(main)
