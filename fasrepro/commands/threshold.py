"""`fasrepro threshold`: choose a threshold on labelled pictures of your own, for `fasrepro predict --threshold-file`.

--bona-fide and --attack are folders of pictures and videos. A folder inside one of them holds the pictures of one person, who has
the same name in both; pictures that lie in none are of a person each. Files without a score are listed and do not count.
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from fasrepro import hashing
from fasrepro.deployment import pictures, score_file

if TYPE_CHECKING:
    from fasrepro.deployment.exported import Loaded
    from fasrepro.deployment.own_threshold import Labelled

LABELS = {"bona_fide": 0, "attack": 1}  # option -> label


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="as `fasrepro export` writes it")
    parser.add_argument("--bona-fide", type=Path, required=True, metavar="DIR", help="pictures of people before your camera")
    parser.add_argument("--attack", type=Path, required=True, metavar="DIR", help="pictures of attacks before your camera")
    parser.add_argument("--to", type=Path, required=True, metavar="FILE", help="the JSON file to write")
    parser.add_argument("--scores", type=Path, metavar="FILE", help="also write the scores, as CSV for `fasrepro rescore`")


def run(arguments: argparse.Namespace) -> int:
    """Score the pictures, choose the threshold and write it."""
    folders = {label: getattr(arguments, name) for name, label in LABELS.items()}
    for folder in folders.values():
        if not folder.is_dir():
            raise ValueError(f"{folder}: no such folder; it is to hold labelled pictures")
    one, other = (folder.resolve() for folder in folders.values())
    if one.is_relative_to(other) or other.is_relative_to(one):
        raise ValueError(f"{folders[0]} and {folders[1]}: one holds the other; give two separate folders")

    from fasrepro.deployment import exported, own_threshold  # here, with torch, because it takes seconds that no other verb needs
    from fasrepro.evaluation import metrics

    loaded = exported.load(arguments.folder)
    known: dict[str, str] = {}
    rows: list[Labelled] = []
    unscored: dict[str, dict[str, int]] = {}
    for label, folder in folders.items():
        own, states = _score(loaded, label, folder, known)
        rows += own
        unscored[metrics.LABELS[label]] = states
    if arguments.scores:
        score_file.write(arguments.scores, map(_row, rows))
    chosen = own_threshold.choose(rows, unscored, loaded.about)
    own_threshold.write(arguments.to, chosen)
    for warning in own_threshold.warnings(chosen):
        print(f"WARNING: {warning}", file=sys.stderr)
    print(own_threshold.text(chosen))
    print(f"{arguments.to}: use it by `fasrepro predict {arguments.folder} --threshold-file {arguments.to} photo.jpg`")
    return 0


def _score(loaded: Loaded, label: int, folder: Path, known: dict[str, str]) -> tuple[list[Labelled], dict[str, int]]:
    """Return the scored files of a folder, and how many have no score, by state; `known`: hash of a file -> its path, added to.

    Raises:
        ValueError: for two files with the same bytes, which would count twice.
    """
    from fasrepro.deployment import own_threshold, results

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


def _row(row: Labelled) -> dict[str, object]:
    """Return a scored picture as a row of the split test."""
    label = score_file.LABELS[row.label]
    return {"split": "test", "label": label, "score": row.p_attack, "video": row.path, "subject": row.person}
