"""Seconds and memory to write, split, join and read 1,100,000 faces with captions of 540 characters.

python -m benchmarks.rows [faces]

Each step runs in a process of its own. `split` and `join` are the stages `splits` and `trainset`; `read` reads every row of the
training set once, in random order, as training does. `score` scores every train face by the code of the stage `predict`, with a
stand-in for the model and a few random crops in the place of all. The training set mixes two caption sets that each cover every
face.
"""

from __future__ import annotations

import dataclasses
import os
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import yaml
from PIL import Image

from fasrepro import paths
from fasrepro.config import Jobs, Trainset
from fasrepro.data import splits as splits_of
from fasrepro.data.protocols import Sides
from fasrepro.evaluation import predict
from fasrepro.hashing import sha256_bytes
from fasrepro.rows import mapped, table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Score
from fasrepro.rows.training import TrainRow
from fasrepro.stages import splits, trainset

ROOT = Path(__file__).parents[1]
FACES = 1_100_000  # with captions
CHARACTERS = 540  # of a caption
SECONDS, GIGABYTES = 60.0, 2.0  # allowed for each step
SOURCES, TARGET = ("casia", "msu", "oulu"), "replay"
NAME, MIX = "scale", {"reasoning": 0.5, "vanilla": 0.5}
SPECIES = ("bona_fide", "print", "replay_video", "paper_mask")
WORDS = (ROOT / "fasrepro" / "vocabulary.py").read_text(encoding="utf-8").split()
BATCH = 16
CROPS = 64


def presentations(dataset: str, split: str, count: int) -> list[str]:
    """Return the ids of a data set's presentations, each of which has one frame here."""
    return [f"{dataset}/{split}/{number:07d}" for number in range(count)]


def faces(dataset: str, counts: dict[str, int]) -> Iterator[pa.RecordBatch]:
    """Yield the faces of a data set, `counts` of each split, in the order of their ids."""
    for split, count in sorted(counts.items()):
        shown = presentations(dataset, split, count)
        for first in range(0, count, table.ROW_GROUP):
            part = shown[first : first + table.ROW_GROUP]
            kinds = np.arange(len(part)) % len(SPECIES)
            yield pa.RecordBatch.from_pydict(
                {
                    "face_id": [f"{presentation}#0004" for presentation in part],
                    "dataset": [dataset] * len(part),
                    "split": [split] * len(part),
                    "subject": [f"{dataset}/{split}/{number % 10000}" for number in range(len(part))],
                    "presentation": part,
                    "frame": [4] * len(part),
                    "label": (kinds > 0).astype(int),
                    "species": [SPECIES[kind] for kind in kinds],
                    "instrument": ["" if kind == 0 else "paper" for kind in kinds],
                    "camera": [dataset] * len(part),
                    "box": [[10, 20, 100, 100]] * len(part),
                    "box_source": ["sidecar"] * len(part),
                    "crop": [f"{presentation}.png" for presentation in part],
                    "crop_sha256": [sha256_bytes(presentation.encode()) for presentation in part],
                },
                schema=table.schema(Face),
            )


def captions(style: str, count: int) -> Iterator[pa.RecordBatch]:
    """Yield a caption of `CHARACTERS` characters for each train face."""
    drawn = random.Random(style)
    for dataset in SOURCES:
        shown = presentations(dataset, "train", count // len(SOURCES))
        for first in range(0, len(shown), table.ROW_GROUP):
            part = shown[first : first + table.ROW_GROUP]
            yield pa.RecordBatch.from_pydict(
                {
                    "face_id": [f"{presentation}#0004" for presentation in part],
                    "style": [style] * len(part),
                    "text": [" ".join(drawn.choices(WORDS, k=CHARACTERS // 3)).ljust(CHARACTERS, ".")[:CHARACTERS] for _ in part],
                    "verdict": ["attack"] * len(part),
                    "prompt_version": ["v1"] * len(part),
                    "model": ["annotator"] * len(part),
                    "label_aware": [True] * len(part),
                    "attempts": [1] * len(part),
                    "request_key": [f"{first + number:064x}" for number in range(len(part))],
                },
                schema=table.schema(Caption),
            )


def write(count: int) -> Callable[[], None]:
    """Make up all faces and one caption set; return what writes them."""
    share = count // len(SOURCES)
    tested = max(len(SPECIES), share // 20)
    tables = {name: pa.Table.from_batches(faces(name, {"train": share, "test": tested})) for name in SOURCES}
    tables[TARGET] = pa.Table.from_batches(faces(TARGET, {"test": tested}))
    texts = pa.Table.from_batches(captions("reasoning", count))

    def run() -> None:
        for name, columns in tables.items():
            table.write_columns(paths.faces(name), columns, Face)
        table.write_columns(paths.captions("reasoning"), texts, Caption)

    return run


def split(count: int) -> Callable[[], None]:
    """Return the stage `splits`."""
    return lambda: splits.main([NAME])


def join(count: int) -> Callable[[], None]:
    """Write the second caption set and jobs.yaml; return the stage `trainset`."""
    table.write_batches(paths.captions("vanilla"), captions("vanilla", count), Caption)
    return lambda: trainset.main([NAME])


def read(count: int) -> Callable[[], None]:
    """Return what reads the training set as training does: each row once, in random order, by batches."""

    def run() -> None:
        rows = mapped.open_rows(paths.trainset(NAME), TrainRow, paths.WORK / "trainsets")
        order = np.random.default_rng(0).permutation(len(rows)).tolist()
        characters = sum(
            len(row.caption) for first in range(0, len(order), BATCH) for row in rows.__getitems__(order[first : first + BATCH])
        )
        print(f"{len(rows)} rows with {characters / len(rows):.0f} characters each")

    return run


def score(count: int) -> Callable[[], None]:
    """Write `CROPS` random crops; return what scores every train face and writes the table of scores."""
    drawn = np.random.default_rng(0)
    crops = [Image.fromarray(drawn.integers(0, 256, (96, 96, 3), dtype=np.uint8)) for _ in range(CROPS)]

    def read_image(face: Face) -> Image.Image:
        return crops[face.frame % CROPS]

    def scorer(images: Sequence[Image.Image]) -> list[float]:
        return [image.getpixel((0, 0))[0] / 255 for image in images]

    def run() -> None:
        scores = predict.score(scorer, splits_of.read(NAME).train, read_image, BATCH)
        table.write(paths.scores(NAME), [Score(NAME, "run", 0, *pair) for pair in scores.items()], Score)
        print(f"{len(scores)} scores")

    return run


STEPS = {"write": write, "split": split, "join": join, "read": read, "score": score}


def memory(name: str) -> float:
    """Return a figure of this process's memory in gigabytes, as the kernel names it: VmHWM (the most held), RssAnon."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:")) / 1e6


def measure(step: str, count: int) -> None:
    """Run one step in this process and print what it cost."""
    run = STEPS[step](count)
    began = time.perf_counter()
    run()
    seconds, held = time.perf_counter() - began, memory("VmHWM")
    print(
        f"{step}: {seconds:.1f} s, {seconds / SECONDS:.2f} of the {SECONDS:.0f} s allowed; at most {held:.2f} GB held,"
        f" {held / GIGABYTES:.2f} of the {GIGABYTES:.0f} GB allowed; {memory('RssAnon'):.2f} GB of its own at the end"
    )


def main() -> None:
    """Run all steps one after another in a temporary folder on the disk of this project, or one in this folder."""
    if len(sys.argv) > 2:
        measure(sys.argv[1], int(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else FACES
    jobs = Jobs(
        written=sorted(MIX),
        silver={},
        derived={},
        joined={},
        splits={NAME: Sides(train=list(SOURCES), test=[TARGET])},
        captioned=sorted(SOURCES),
        trainsets={NAME: Trainset(NAME, MIX, sorted(MIX))},
        tunings={},
        jobs={},
        snapshot_jobs={},
        sft_jobs={},
        grpo_jobs={},
        captioner_names=[],
        caption_detectors={},
        read_out_jobs={},
        two_stage_jobs=[],
        skipped=[],
    )
    paths.WORK.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(dir=paths.WORK) as folder:
        (Path(folder) / paths.JOBS).write_text(yaml.safe_dump(dataclasses.asdict(jobs)), encoding="utf-8")
        for step in STEPS:
            command = [sys.executable, "-m", "benchmarks.rows", step, str(count)]
            subprocess.run(command, cwd=folder, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True)


if __name__ == "__main__":
    main()
