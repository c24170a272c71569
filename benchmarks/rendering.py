"""How many frames a second one core renders, before encoding and with truth and encoding. Prints ratios to the asked 150.

python -m benchmarks.rendering [presentations]
"""

from __future__ import annotations

import collections
import dataclasses
import sys
import tempfile
import time
from pathlib import Path

import cv2

from fasrepro import config
from fasrepro.simulation import archive_writer, recordings, render

ASKED = 150  # frames a second and core, before encoding


def main() -> None:
    """Render a share of the archives that params.yaml asks for, every species in it."""
    cv2.setNumThreads(1)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    params = config.load("archives", "synthetic")
    scene = recordings.scene(dataclasses.asdict(params.synthetic))
    plan = archive_writer.plan(archive_writer.sizes(dataclasses.asdict(params.archives)))
    step = max(1, len(plan) // count)
    chosen = plan[::step][:count]
    began = time.process_time()
    frames = 0
    for shown in chosen:
        take = recordings.take(shown, recordings.person_of(shown, scene), scene)
        frames += sum(1 for _ in render.film(take, render.pictures(take, render.layers(take, take.cues))))
    before = frames / (time.process_time() - began)
    began = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for shown in chosen:
            archive_writer.make_video(archive_writer.Task(Path(folder), shown, scene, params.synthetic.frame_rate, None))
    whole = frames / (time.process_time() - began)
    species = collections.Counter(shown.species for shown in chosen)
    print(f"{len(chosen)} videos of {len(species)} species, {frames} frames of {scene.width} x {scene.height}, one core:")
    print(f"before encoding {before:.0f} frames/s, {before / ASKED:.2f} of the {ASKED} asked")
    print(f"with truth, encoding and sidecars {whole:.0f} frames/s, {whole / ASKED:.2f}")


if __name__ == "__main__":
    main()
