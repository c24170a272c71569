"""Frames per second that one core renders, before encoding, and with truth and encoding. Prints ratios to the required 150.

python -m benchmarks.rendering [presentations]
"""

from __future__ import annotations

import collections
import sys
import tempfile
import time
from pathlib import Path

import cv2

from fasrepro import config
from fasrepro.simulation import archive_writer, recordings, render

REQUIRED = 150  # frames per second and core, before encoding


def main() -> None:
    """Render a sample of the archives in params.yaml that has every species."""
    cv2.setNumThreads(1)
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 60
    params = config.load("archives", "synthetic")
    synthetic = params.synthetic
    plan = archive_writer.plan(params.archives.datasets)
    step = max(1, len(plan) // count)
    sample = plan[::step][:count]
    start = time.process_time()
    frames = 0
    for presentation in sample:
        recording = recordings.plan_recording(presentation, recordings.person_of(presentation, synthetic), synthetic)
        pictures = render.pictures(recording, render.draw_layers(recording, recording.cues))
        frames += sum(1 for _ in render.film(recording, pictures))
    unencoded = frames / (time.process_time() - start)
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for presentation in sample:
            person = recordings.person_of(presentation, synthetic)
            archive_writer.write_presentation(Path(folder), presentation, person, synthetic)
    whole = frames / (time.process_time() - start)
    species = collections.Counter(presentation.species for presentation in sample)
    size = f"{synthetic.width} x {synthetic.height}"
    print(f"{len(sample)} videos of {len(species)} species, {frames} frames of {size}, one core:")
    print(f"before encoding {unencoded:.0f} frames/s, {unencoded / REQUIRED:.2f} of the required {REQUIRED}")
    print(f"with truth, encoding and sidecars {whole:.0f} frames/s, {whole / REQUIRED:.2f}")


if __name__ == "__main__":
    main()
