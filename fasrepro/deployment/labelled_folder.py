"""One's own pictures in a folder of one label: scored, counted, and as rows for `fasrepro rescore`."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from fasrepro import hashing
from fasrepro.deployment import own_threshold, pictures, results, score_file
from fasrepro.deployment.exported import Loaded
from fasrepro.deployment.own_threshold import Labelled


def score(loaded: Loaded, label: int, folder: Path, known: dict[str, str]) -> tuple[list[Labelled], dict[str, int]]:
    """Return the scored files of a folder, and how many have no score, by state; `known`: hash of a file -> its path, added to.

    Raises:
        ValueError: for two files with the same bytes, which would count twice.
    """
    question = results.Question(results.dev_threshold(loaded.about))
    rows, states = [], Counter[str]()
    for path in pictures.expand([folder]):
        [result] = results.of_file(loaded, path, question)
        if result.p_attack is None:
            print(results.line(result), file=sys.stderr)
            states[result.state] += 1
            continue
        digest = hashing.sha256_file(path)
        if digest in known:
            raise ValueError(f"{path}: the same file as {known[digest]}; keep one of them")
        known[digest] = str(path)
        rows.append(own_threshold.Labelled(str(path), label, own_threshold.person_of(path, folder), result.p_attack))
    return rows, dict(states)


def row(labelled: Labelled) -> dict[str, object]:
    """Return a scored picture as a row of the split test."""
    label = score_file.LABELS[labelled.label]
    return {"split": "test", "label": label, "score": labelled.p_attack, "video": labelled.path, "subject": labelled.person}
