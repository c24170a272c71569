"""Captions of one style for the official train faces: `python -m fasrepro.stages.annotate --style vanilla`."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

from fasrepro import config, cues, paths, provenance, records, stages
from fasrepro.captions import annotate, endpoints, simulated
from fasrepro.captions.store import Store
from fasrepro.captions.styles import style_of
from fasrepro.records import Face, Truth


@dataclasses.dataclass(frozen=True)
class Task:
    """What params.yaml asks to be captioned, and of whom: `endpoint` is what `captions.endpoints` takes."""

    faces: list[Face]
    present: dict[str, list[str]] | None  # the cues seen in each face's crop, by its id; None where no truth is known
    label_aware: bool
    may_leave: list[str]
    endpoint: dict[str, Any]


def task() -> Task:
    """Read params.yaml and the index. Raises `ConfigError` for a data set that is none."""
    params = config.load("archives", "synthetic", "annotator", "simulated")
    settings = dataclasses.asdict(params.annotator)
    label_aware, datasets, may_leave = (settings.pop(key) for key in ("label_aware", "datasets", "may_leave"))
    for key, name in (*(("datasets", name) for name in datasets), *(("may_leave", name) for name in may_leave)):
        if name not in records.DATASETS:
            raise config.ConfigError(f"params.yaml: annotator.{key}: {config.unknown(name, records.DATASETS, 'data set')}")
    if params.archives.source == "synthetic" and params.synthetic.people == "procedural":
        may_leave = datasets  # nobody's faces
    faces = [face for face in records.read(paths.FACES, Face) if face.split == "train" and face.dataset in datasets]
    truths = {row.face_id: row for row in records.read(paths.TRUTH, Truth)}
    if settings["base_url"] == endpoints.SIMULATED:
        settings["annotator"] = simulated.annotator_of(dataclasses.asdict(params.simulated), faces, list(truths.values()))
    present = {f.face_id: cues.visible(f.box, truths[f.face_id].cues, truths[f.face_id].masks) for f in faces} if truths else None
    return Task(faces, present, label_aware, may_leave, settings)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", required=True)
    style, asked = style_of(parser.parse_args(argv).style), task()
    with endpoints.opened(**asked.endpoint) as endpoint, Store(paths.store()) as store:
        print(annotate.may_go(asked.faces, endpoint, asked.may_leave), file=sys.stderr)
        how = (endpoint, store, asked.label_aware, asked.present, endpoints.progress_to_stderr(f"annotate {style.name}"))
        captions, report = annotate.annotate(asked.faces, paths.CROPS, style, *how)
    records.write(paths.captions(style.name), captions, records.Caption)
    provenance.write_json(paths.captions_report(style.name), report)
    print(f"{style.name}: {report['captions']} captions of {report['faces']} faces, {len(report['failed'])} failed")


if __name__ == "__main__":
    stages.run(main)
