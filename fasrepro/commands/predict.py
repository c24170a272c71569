"""`fasrepro predict`: score pictures and videos of your own by a model that `fasrepro export` wrote.

A path is a picture, a video, a folder (with all below it), - for a list of paths on standard input, or pipe: for pictures one
after another on standard input, such as a camera's frames. Every picture has a line: its score with threshold and verdict, or
the state that says why it has none. No picture leaves this machine.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
from pathlib import Path

from fasrepro.deployment.picture_stream import PATHS, PIPE

# Exit statuses of --fail-on, the first of which wins; 1 and 2 are errors and misuse.
FOUND_ATTACK, FOUND_UNSCORED = 3, 4
FAILURES = {"attack": FOUND_ATTACK, "unscored": FOUND_UNSCORED}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="as `fasrepro export` writes it")
    parser.add_argument(
        "paths",
        nargs="+",
        help="pictures, videos, folders, - for paths on standard input, one a line, or pipe: for JPEG and PNG pictures there",
    )
    parser.add_argument("--threshold-file", type=Path, metavar="FILE", help="as `fasrepro threshold` writes it for this model")
    parser.add_argument("--json", action="store_true", help="one JSON object a line")
    parser.add_argument("--explain", action="store_true", help="also print what the model writes about the face")
    parser.add_argument("--all-faces", action="store_true", help="score each face of a picture that shows several")
    parser.add_argument(
        "--fail-on",
        action="append",
        choices=list(FAILURES),
        default=[],
        help=f"attack: exit with status {FOUND_ATTACK} if a face is called an attack; unscored: with {FOUND_UNSCORED} if a"
        " picture has no score; may be given twice",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print a line a result, as soon as it is there."""
    if sum(path in (PATHS, PIPE) for path in arguments.paths) > 1:
        raise ValueError(f"standard input is read once: give one of {PATHS} and {PIPE}")

    # Here, with torch, because it takes seconds that no other verb needs.
    from fasrepro.deployment import exported, judging, results

    loaded = exported.load(arguments.folder)
    if arguments.explain and not loaded.about.explains:
        raise ValueError(
            f"{arguments.folder}: {loaded.about.job} was trained on labels alone and writes no explanations; omit --explain"
        )
    threshold = judging.threshold_of(loaded, arguments.threshold_file)
    question = results.Question(threshold, arguments.all_faces, arguments.explain)
    print(f"WARNING: {judging.warning(loaded, threshold)}", file=sys.stderr)
    found = set()
    scored = 0
    for result in judging.of_paths(loaded, arguments.paths, question):
        print(json.dumps(dataclasses.asdict(result), ensure_ascii=False) if arguments.json else results.line(result), flush=True)
        scored += result.state == results.SCORED
        if result.verdict == results.ATTACK:
            found.add("attack")
        if result.state != results.SCORED:
            found.add("unscored")
    if "attack" in arguments.fail_on and not scored:
        print("WARNING: no face was scored, so none could be called an attack; --fail-on unscored fails then", file=sys.stderr)
    return next((status for name, status in FAILURES.items() if name in found and name in arguments.fail_on), 0)
