"""Captions of a set that an author writes, for the official train faces: `python -m fasrepro.stages.annotate --set vanilla`."""

from __future__ import annotations

import argparse
import sys

from fasrepro import config, files, paths, stages
from fasrepro.captions import annotate, review, sets
from fasrepro.captions.sets import CaptionSetError
from fasrepro.captions.styles import Style, style_of, with_own_prompt
from fasrepro.llm import endpoints
from fasrepro.llm.store import Store
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.stages import annotation
from fasrepro.stages.annotation import AnnotationTask


def edits_of(name: str, task: AnnotationTask, style: Style) -> review.Edits:
    """Return what people decided about a set; print how many decisions are about other images."""
    edits = review.captions(task.faces, style, paths.review(name), task.label_aware)
    if edits.others:
        print(
            f"{paths.review(name)}: {len(edits.others)} edits are about images that are not captioned here and are not used,"
            f" as that of {edits.others[0]}",
            file=sys.stderr,
        )
    if len(edits.dropped) == len(task.faces):
        raise review.EditError(f"{paths.review(name)}: every face is dropped; keep some, or take the set out of params.yaml")
    return edits


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
    task = annotation.annotation_task(params.annotator, params.simulated, params.archives.source, params.synthetic.people)
    style = with_own_prompt(style_of(caption_set.style), task.prompt)
    edits = edits_of(name, task, style)
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
    if edits.dropped:
        report["dropped"] = sorted(edits.dropped)
    table.write(paths.captions(name), captions, Caption)
    files.write_json(paths.captions_report(name), report)
    print(f"{name}: {report['captions']} captions of {report['faces']} faces, {len(report['failed'])} failed")
    if edits.dropped:
        print(f"{name}: people dropped {len(edits.dropped)} faces, which have no caption")
    if report["failed"]:
        print(f"{name}: `fasrepro annotate --set {name} --to-people` hands the failed faces to people")


if __name__ == "__main__":
    stages.run(main)
