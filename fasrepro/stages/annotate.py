"""Captions of one style for the official train faces: `python -m fasrepro.stages.annotate --style vanilla`."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, provenance, records, stages
from fasrepro.captions import annotate, endpoints, simulated
from fasrepro.captions.store import Store
from fasrepro.captions.styles import style_of


def simulated_annotator(settings: config.Simulated, faces: list[records.Face]) -> simulated.Annotator:
    """Set up the simulated annotator, which needs the truth that only synthetic archives have."""
    truths = records.read(paths.TRUTH, records.Truth)
    if not truths:
        raise simulated.AnnotatorError(
            f"{paths.TRUTH} is empty, so the annotator cannot be simulated: only synthetic archives have a truth."
            " Set annotator.base_url to an OpenAI-compatible URL, or archives.source to 'synthetic'"
        )
    rates = dataclasses.asdict(settings)
    seed = rates.pop("seed")
    images = simulated.known_images(faces, truths)
    return simulated.Annotator(images, simulated.Failings(**rates), seed)


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", required=True)
    style = style_of(parser.parse_args(argv).style)
    params = config.load("annotator", "simulated")
    settings = dataclasses.asdict(params.annotator)
    datasets, label_aware = settings.pop("datasets"), settings.pop("label_aware")
    for name in datasets:
        if name not in records.DATASETS:
            raise config.ConfigError(f"params.yaml: annotator.datasets: {config.unknown(name, records.DATASETS, 'data set')}")
    faces = [face for face in records.read(paths.FACES, records.Face) if face.split == "train" and face.dataset in datasets]
    known = simulated_annotator(params.simulated, faces) if settings["base_url"] == endpoints.SIMULATED else None
    with endpoints.opened(**settings, annotator=known) as endpoint, Store(paths.store()) as store:
        captions, report = annotate.annotate(
            faces,
            paths.CROPS,
            style,
            endpoint,
            store,
            label_aware,
            progress=endpoints.progress_to_stderr(f"annotate {style.name}"),
        )
    records.write(paths.captions(style.name), captions, records.Caption)
    provenance.write_json(paths.captions_report(style.name), report)
    print(f"{style.name}: {report['captions']} captions of {report['faces']} faces, {len(report['failed'])} failed")


if __name__ == "__main__":
    stages.run(main)
