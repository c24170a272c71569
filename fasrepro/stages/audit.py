"""Stage `audit`: what simple probes learn of the label, and images on two sides of a protocol -> results/audit.json."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import numpy as np
import threadpoolctl

from fasrepro import config, crops, files, paths, regions, stages
from fasrepro.archives import formats
from fasrepro.archives.layout import Reading
from fasrepro.data import file_sizes, splits
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import near_images, shortcut_features, shortcuts
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.table import RowError
from fasrepro.rows.truth import Truth


def cue_views(faces: list[Face], truths: list[Truth]) -> list[np.ndarray]:
    """Return, for each face, the cues that its crop shows and its look-alikes, as numbers."""
    truth_of = {truth.face_id: truth for truth in truths}
    views = []
    for face in faces:
        if face.face_id not in truth_of:
            raise RowError(f"{paths.TRUTH}: nothing about {face.face_id}; `dvc repro index` indexes these archives")
        truth = truth_of[face.face_id]
        strengths = dict(zip(truth.cues, truth.strengths, strict=True))
        visible = regions.visible(face.box, truth.cues, truth.regions)
        views.append(shortcut_features.cue_vector({cue: strengths[cue] for cue in visible}, truth.look_alikes))
    return views


def parts_of_protocols() -> dict[str, dict[str, list[str]]]:
    """Return the ids of the faces of each part of each protocol."""
    return {
        name: {part: table.columns(paths.split(name, part), Face, ["face_id"])["face_id"].to_pylist() for part in splits.PARTS}
        for name in config.load_protocols()
    }


def main(argv: list[str] | None = None) -> None:
    """Write results/audit.json. A leak is an error in synthetic archives, and a finding in licensed ones."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "archives", "audit", "evaluation")
    synthetic = params.archives.source == "synthetic"

    def read(dataset: str) -> tuple[Path, Reading]:
        form = files.read_json(paths.fingerprint(dataset)).get("format", "")
        return formats.read(paths.archive(dataset) if synthetic else paths.licensed_archives(), dataset, form)

    every_face = table.read_all(paths.FACES, Face)
    faces = [face for face in every_face if face.split in ("train", "test")]
    sizes = file_sizes.of_presentations(read, {face.presentation for face in faces})
    views, looks = [], []
    for face in every_face:
        crop = crops.read_crop(paths.CROPS, face.crop, face.crop_sha256)
        looks.append(near_images.look(np.asarray(crop)))
        if face.presentation in sizes:
            views.append(shortcut_features.measure(crop, face.box, sizes[face.presentation]))
    if synthetic:
        cues = cue_views(faces, table.read_all(paths.TRUTH, Truth))
        views = [view | {shortcuts.CUES: cue} for view, cue in zip(views, cues, strict=True)]
    # The number of threads decides how sums are split, and so how they are rounded.
    with threadpoolctl.threadpool_limits(params.threads):
        report = shortcuts.audit(shortcuts.rows_of(faces, views), params.audit)
    near = near_images.report(every_face, looks, parts_of_protocols())
    report = dataclasses.replace(report, near_images=near)
    results.write(paths.AUDIT, report, params.evaluation.digits)
    for name, entry in report.expected.items():
        print(f"audit: {name}: {entry.value}, should be at least {entry.least}")
    print(f"audit: {near_images.notice(near)}")
    leak = shortcuts.leak_message(report)
    if leak and synthetic:
        raise shortcuts.ProbeError(f"a shortcut that works everywhere; {paths.AUDIT} has the figures. {leak}")
    print(f"audit: {shortcuts.outcome(report)}")


if __name__ == "__main__":
    stages.run(main)
