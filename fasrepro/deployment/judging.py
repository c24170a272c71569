"""What `fasrepro predict` asks of a model, and the demo page in part: the threshold, its warnings, results of paths and pipes."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fasrepro.deployment import own_threshold, picture_stream, pictures, results
from fasrepro.deployment.exported import Loaded
from fasrepro.deployment.picture_stream import PATHS, PIPE
from fasrepro.deployment.results import Question, Result, Threshold


def threshold_of(loaded: Loaded, path: Path | None) -> Threshold:
    """Return the threshold of a file, or without one that of the model's dev. Raises `own_threshold.ThresholdError`."""
    if path is None:
        return results.dev_threshold(loaded.about)
    own = own_threshold.read(path, loaded.about)
    for sentence in own_threshold.warnings(own):
        print(f"WARNING: {path}: {sentence}", file=sys.stderr)
    return results.Threshold(own.value, own.source)


def warning(loaded: Loaded, threshold: Threshold) -> str:
    """Return what a reader of scores must know."""
    sentences = [
        f"The threshold is from {threshold.source}.",
        "Scores do not carry over to another camera than those of the training, nor a threshold to another than its own.",
        loaded.about.data,
    ]
    if threshold == results.dev_threshold(loaded.about):
        sentences.append("Measure on labelled pictures of your own: `fasrepro threshold`.")
    return " ".join(filter(None, sentences))


def of_paths(loaded: Loaded, paths: Iterable[str], question: Question) -> Iterator[Result]:
    """Yield the results of a command line's paths; a picture of a pipe is called by its number, from 0."""
    for path in paths:
        if path == PIPE:
            for number, data in enumerate(picture_stream.split(sys.stdin.buffer)):
                yield from results.of_bytes(loaded, data, f"{PIPE}{number}", question)
        else:
            named = (Path(line.rstrip("\n")) for line in sys.stdin if line.strip()) if path == PATHS else [Path(path)]
            for file in pictures.expand(named):
                yield from results.of_file(loaded, file, question)
