"""Captions of a set that an author writes, for the official train faces: `python -m fasrepro.stages.annotate --set vanilla`.

The annotator is asked for them, or they are taken from a table that others published.
"""

from __future__ import annotations

import argparse
import sys
from types import SimpleNamespace
from typing import Any

from fasrepro import config, files, paths, stages
from fasrepro.captions import annotate, published, review, sets
from fasrepro.captions.sets import CaptionSet, CaptionSetError
from fasrepro.captions.styles import Style, with_own_prompt
from fasrepro.llm import endpoints
from fasrepro.llm.store import Store
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.stages import annotation


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
    task = annotation.annotation_task(params.annotator, params.simulated, params.archives.source, params.synthetic.people)
    style = with_own_prompt(caption_set.written_style, task.prompt)
    edits = edits_of(name, task.faces, style, task.label_aware)
    with annotation.open_endpoint(task.endpoint, task.simulated) as endpoint, Store(paths.store()) as store:
        print(annotate.check_licences(task.faces, endpoint, task.may_leave), file=sys.stderr)
        captions, report = annotate.annotate(
            [face for face in task.faces if face.face_id not in edits.dropped],
            paths.CROPS,
            style,
            endpoint,
            store,
            task.label_aware,
            edits=edits.captions,
            present=task.present,
            progress=endpoints.progress_to_stderr(f"annotate {name}"),
        )
    return captions, report | _dropped(edits)


def _dropped(edits: review.Edits) -> dict[str, Any]:
    """Return the report's entry on faces that people dropped from the set; none where there are none."""
    return {"dropped": sorted(edits.dropped)} if edits.dropped else {}


def taken(name: str, caption_set: CaptionSet, datasets: list[str]) -> tuple[list[Caption], dict[str, Any]]:
    """Return the captions that others published, and the report on them; print which rows gave none."""
    faces, style = annotation.train_faces(datasets), caption_set.written_style
    edits = edits_of(name, faces, style, label_aware=True)
    rows = published.read(caption_set.table, caption_set.config, caption_set.revision)
    present = annotation.present_cues(faces, datasets)
    kept = [face for face in faces if face.face_id not in edits.dropped]
    captions, report, notices = published.join(rows, kept, style, edits=edits.captions, present=present)
    for notice in notices:
        print(f"{name}: {notice}", file=sys.stderr)
    return captions, report | _dropped(edits)


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<set>.parquet and results/captions_report/<set>.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    name = parser.parse_args(argv).set
    params = config.load("archives", "synthetic", "annotator", "simulated", "captions")
    sets.check(params.captions)
    caption_set = sets.lookup(params.captions, name)
    if caption_set.is_derived:
        raise CaptionSetError(f"{name} is derived from {caption_set.of}: run `dvc repro derive@{name}`")
    if caption_set.author == sets.CAPTIONER:
        raise CaptionSetError(f"{name} is written by the caption model {caption_set.captioner}: run `dvc repro caption@{name}`")
    if caption_set.author == sets.PUBLISHED:
        captions, report = taken(name, caption_set, params.annotator.datasets)
    else:
        captions, report = asked(name, caption_set, params)
    table.write(paths.captions(name), captions, Caption)
    files.write_json(paths.captions_report(name), report)
    print(f"{name}: {report['captions']} captions of {report['faces']} faces, {len(report['failed'])} failed")
    if "dropped" in report:
        print(f"{name}: people dropped {len(report['dropped'])} faces, which have no caption")
    if report["failed"]:
        print(f"{name}: `fasrepro annotate --set {name} --to-people` hands the failed faces to people")


if __name__ == "__main__":
    stages.run(main)
