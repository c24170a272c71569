"""What `fasrepro rescore` costs: CPU seconds for a million videos, memory for ten million rows, the ratio to a threshold search.

The ten million rows are ten frames of each of a million videos, and then a video each. Prints each figure as it is measured, with
its share of what is allowed. The search is that of the field's code (`utils/statistic.py` of SSDG, FLIP, InstructFLIP):
the errors of all scores are counted at 10,001 thresholds from 0 to 1. It gives one HTER; `rescore` gives all of its figures with
1,000 replicates.

python -m benchmarks.rescore [millions of videos]
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.csv

ALLOWED_SECONDS, ALLOWED_GIGABYTES = 60.0, 4.0
STEPS = 10_001
ROWS = 10  # times the videos, in the large files
SUBJECTS = 5000
SPECIES = np.array(["print", "replay", "mask", "cut_photo"])
SEED = 1
BLOCK = 1_000_000  # rows written at once


def scored(videos: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels and scores in [0, 1] of videos, a quarter of them bona fide; in the order of the files."""
    random = np.random.default_rng(SEED)
    labels = (np.arange(videos) % 4 > 0).astype(int)
    logits = 2 * labels - 1 + random.normal(0, 1.5, videos)
    return labels, 1 / (1 + np.exp(-logits))


def write(path: Path, videos: int, frames: int) -> None:
    """Write a CSV file of videos, the first half of them dev, with `frames` rows each."""
    labels, scores = scored(videos)
    with pyarrow.csv.CSVWriter(path, next(_tables(labels, scores, frames)).schema) as writer:
        for table in _tables(labels, scores, frames):
            writer.write_table(table)


def _tables(labels: np.ndarray, scores: np.ndarray, frames: int) -> Iterator[pa.Table]:
    for start in range(0, len(labels), BLOCK // frames):
        video = np.repeat(np.arange(start, min(start + BLOCK // frames, len(labels))), frames)
        is_test = video >= len(labels) // 2
        subject = video % SUBJECTS + np.where(is_test, SUBJECTS, 0)
        frame = np.tile(np.arange(frames), len(video) // frames)
        yield pa.table(
            {
                "split": np.where(is_test, "test", "dev"),
                "label": np.where(labels[video] == 1, "attack", "bona_fide"),
                "score": scores[video] + frame / 1000,
                "video": [f"release/video_{number:08}.avi" for number in video],
                "subject": [f"subject_{number:05}" for number in subject],
                "species": np.where(labels[video] == 1, SPECIES[video % 4], ""),
                "frame": frame,
            }
        )


def search(labels: np.ndarray, scores: np.ndarray) -> float:
    """Return the HTER at the threshold of `STEPS` at which FAR and FRR differ least, as the field's code finds it."""
    best, hter = np.inf, 1.0
    for threshold in np.linspace(0, 1, STEPS):
        called = scores >= threshold
        far = np.sum(~called & (labels == 1)) / np.sum(labels == 1)
        frr = np.sum(called & (labels == 0)) / np.sum(labels == 0)
        if abs(far - frr) <= best:
            best, hter = abs(far - frr), (far + frr) / 2
    return float(hter)


def rescored(path: Path) -> tuple[float, float]:
    """Return the CPU seconds and the peak of memory in gigabytes of `fasrepro rescore`, in a process of its own."""
    process = subprocess.Popen([sys.executable, "-m", "fasrepro.cli", "rescore", str(path)], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise RuntimeError(f"fasrepro rescore {path}: exit status {os.waitstatus_to_exitcode(status)}")
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 2**20


def main() -> None:
    """Measure."""
    videos = int(float(sys.argv[1]) * 1_000_000) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "scores.csv"
        write(path, videos, frames=1)
        seconds, _ = rescored(path)
        print(f"{videos} videos in {seconds:.1f} s of CPU: {share_of(seconds, ALLOWED_SECONDS, 's')}", flush=True)
        compare_with_search(videos, seconds)
        for count, frames in ((videos, ROWS), (videos * ROWS, 1)):
            write(path, count, frames)
            seconds, gigabytes = rescored(path)
            share = share_of(gigabytes, ALLOWED_GIGABYTES, "GB")
            print(f"{count * frames} rows of {count} videos in {gigabytes:.2f} GB: {share} ({seconds:.1f} s of CPU)", flush=True)


def share_of(amount: float, allowed: float, unit: str) -> str:
    """Return what part of the allowed an amount is.

    >>> share_of(30.0, 60.0, "s")
    '0.50 of the 60 s allowed'
    """
    return f"{amount / allowed:.2f} of the {allowed:.0f} {unit} allowed"


def compare_with_search(videos: int, seconds: float) -> None:
    """Print the CPU seconds of a threshold search on the scores of which `rescore` took `seconds`, and the ratio."""
    labels, scores = scored(videos)
    began = time.process_time()
    search(labels[videos // 2 :], scores[videos // 2 :])  # on test, as rescore's figures are
    of_search = time.process_time() - began
    print(f"{STEPS} thresholds, one HTER, no interval, on the same scores of test: {of_search:.1f} s of CPU")
    print(f"ratio, rescore with 1000 replicates to the search: {seconds / of_search:.2f}", flush=True)


if __name__ == "__main__":
    main()
