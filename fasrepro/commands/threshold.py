"""`fasrepro threshold`: choose a threshold on labelled pictures of your own, for `fasrepro predict --threshold-file`.

--bona-fide and --attack are folders of pictures and videos. Give each person a folder of the same name inside both; pictures
outside such folders count as a person each. Files without a score are listed and do not count.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

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

    # Here, with torch, because it takes seconds that no other verb needs.
    from fasrepro.deployment import exported, labelled_folder, own_threshold, score_file
    from fasrepro.evaluation import metrics

    loaded = exported.load(arguments.folder)
    known: dict[str, str] = {}
    rows: list[own_threshold.Labelled] = []
    unscored: dict[str, dict[str, int]] = {}
    for label, folder in folders.items():
        own, states = labelled_folder.score(loaded, label, folder, known)
        rows += own
        unscored[metrics.LABELS[label]] = states
    if arguments.scores:
        score_file.write(arguments.scores, map(labelled_folder.row, rows))
    chosen = own_threshold.choose(rows, unscored, loaded.about)
    own_threshold.write(arguments.to, chosen)
    for warning in own_threshold.warnings(chosen):
        print(f"WARNING: {warning}", file=sys.stderr)
    print(own_threshold.text(chosen))
    print(f"{arguments.to}: use it by `fasrepro predict {arguments.folder} --threshold-file {arguments.to} photo.jpg`")
    return 0
