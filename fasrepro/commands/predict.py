"""`fasrepro predict`: score pictures and videos of your own by a model that `fasrepro export` wrote.

A path is a picture, a video, a folder (with all below it), or - for a list of paths on standard input. Every file has a line: its
score with threshold and verdict, or the state that says why it has none. No picture leaves this machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from fasrepro.deployment import pictures

FOUND_ATTACK = 3  # exit status of --fail-on attack; 1 and 2 are errors and misuse
WARNING = (
    "A score does not carry over to another camera than those of its training, and the threshold is of the dev people of {}."
    " {} Measure on labelled pictures of your own before you rely on it."
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="as `fasrepro export` writes it")
    parser.add_argument("paths", nargs="+", help="pictures, videos, folders, or - for paths on standard input, one a line")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--explain", action="store_true", help="also print what the model writes about the face")
    parser.add_argument("--all-faces", action="store_true", help="score each face of a picture that shows several")
    parser.add_argument("--fail-on", choices=["attack"], help=f"exit with status {FOUND_ATTACK} if a face is called an attack")


def run(arguments: argparse.Namespace) -> int:
    """Print a line a result, as soon as it is there."""
    from fasrepro.deployment import exported, results  # here, with torch, because it takes seconds that no other verb needs

    loaded = exported.load(arguments.folder)
    about = loaded.about
    if arguments.explain and not about.explains:
        raise ValueError(
            f"{arguments.folder}: {about.job} was trained on labels alone and writes no explanations; omit --explain"
        )
    print("WARNING: " + WARNING.format(", ".join(about.threshold_datasets), about.data), file=sys.stderr)
    attacks = 0
    for path in pictures.expand(_named(arguments.paths)):
        for result in results.of_file(loaded, path, arguments.all_faces, arguments.explain):
            print(
                json.dumps(dataclasses.asdict(result), ensure_ascii=False) if arguments.json else results.line(result), flush=True
            )
            attacks += result.verdict == results.ATTACK
    return FOUND_ATTACK if arguments.fail_on and attacks else 0


def _named(paths: Iterable[str]) -> Iterator[Path]:
    """Yield the paths of a command line, and those of standard input in place of -."""
    for path in paths:
        if path == "-":
            yield from (Path(text.rstrip("\n")) for text in sys.stdin if text.strip())
        else:
            yield Path(path)
