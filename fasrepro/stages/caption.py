"""Captions of a set that a caption model writes: `python -m fasrepro.stages.caption --set silver`.

Its texts lie in shards under .work until the set is whole, so that a killed stage goes on where it was. A text that is no caption
is refused with a reason: see `captions.silver`.
"""

from __future__ import annotations

import argparse
import shutil
import sys
from typing import Any

from fasrepro import config, files, names, paths, stages
from fasrepro.captions import report, sets, shards, silver
from fasrepro.captions.sets import CaptionSet, CaptionSetError
from fasrepro.captions.silver import SilverError
from fasrepro.models import backbones
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.stages import caption_writer, jobs, set_faces


def silver_set(captions: sets.Sets, name: str) -> CaptionSet:
    """Return a set that a caption model writes. Raises `CaptionSetError` for another one."""
    sets.check(captions)
    entry = sets.lookup(captions, name)
    if entry.author != sets.CAPTIONER:
        raise CaptionSetError(f"{name}: no caption model writes this set: run `dvc repro annotate@{name}` or `derive@{name}`")
    if paths.review(name).exists():
        raise CaptionSetError(
            f"{paths.review(name)}: people edit what an annotator wrote, not a caption model's texts; remove it"
        )
    return entry


def write_missing(all_shards: list[shards.Shard], entry: CaptionSet, crop: str) -> None:
    """Write the shards that are not there yet, here and one after another."""
    todo = shards.missing(all_shards)
    if not todo:
        return
    if len(todo) < len(all_shards):
        print(f"{len(all_shards) - len(todo)} of {len(all_shards)} shards were written before", file=sys.stderr)
    writer = caption_writer.load(entry.captioner, crop, entry.generation, jobs.crop_reader())
    for shard in shards.fill(todo, writer.write):
        print(f"{shard.path.stem} of {len(all_shards)} shards", file=sys.stderr)


def beside(name: str, faces: dict[str, Face], truths: dict[str, Truth]) -> dict[str, Any]:
    """Return how the cues that another set's captions name fit their images; `faces` and `truths` of all data sets, by id."""
    captions = table.read(paths.captions(name), Caption)
    for caption in captions:
        if caption.face_id not in faces:
            raise SilverError(f"{paths.captions(name)}: {caption.face_id} is in no table of {paths.FACES}; run `dvc repro`")
    described = [faces[caption.face_id] for caption in captions]
    return {"set": name, "cues": silver.cues_named(captions, faces, report.visible_cues(described, truths))}


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<set>.parquet and results/captions_report/<set>.json."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    name = parser.parse_args(argv).set
    params = config.load("threads", "index", "captions", "parts")
    entry = silver_set(params.captions, name)
    planned = names.lookup(config.read_jobs().silver, name, "set of a caption model", CaptionSetError, str(paths.JOBS))
    backbones.use_threads(params.threads)
    faces = set_faces.of_set(entry.faces, params.parts)
    writer = caption_writer.identity(entry.captioner)
    all_shards = caption_writer.shards_of(name, writer, entry.generation, faces)
    with caption_writer.locked(name):
        write_missing(all_shards, entry, params.index.crop)
        texts = shards.texts(all_shards)
        indexed = {face.face_id: face for face in table.read_all(paths.FACES, Face)}
        truths = {truth.face_id: truth for truth in table.read_all(paths.TRUTH, Truth)}
        captions, figures = silver.captions_of(
            texts,
            {face.face_id: face for face in faces},
            entry.written_style,
            entry.accept,
            writer,
            present=report.visible_cues(faces, truths),
        )
        figures["beside"] = beside(planned.beside, indexed, truths)
        table.write(paths.captions(name), captions, Caption)
        files.write_json(paths.captions_report(name), figures)
        shutil.rmtree(caption_writer.work(name))
    funnel = figures["funnel"]
    refused = ", ".join(f"{count} {reason}" for reason, count in funnel["refused"].items())
    print(f"caption {name}: {funnel['accepted']} captions of {funnel['written']} texts; refused: {refused or 'none'}")


if __name__ == "__main__":
    stages.run(main)
