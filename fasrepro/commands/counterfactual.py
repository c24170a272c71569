"""`fasrepro counterfactual`: draw a synthetic frame without and with a cue, all else equal, and the region of the cue."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from fasrepro import config, files
from fasrepro.vocabulary import CUES

STRENGTH = 0.7


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("face", help="a face_id such as casia/test_release/3/HR_4#0020, of an attack")
    parser.add_argument("--cue", required=True, choices=tuple(CUES))
    parser.add_argument("--strength", type=float, default=STRENGTH, help="of a cue that is added, in (0, 1]")
    parser.add_argument("--unfilmed", action="store_true", help="the pictures before they go through the camera")
    parser.add_argument("--out", type=Path, default=Path("counterfactual"), help="folder for without.png, with.png, region.png")


def run(arguments: argparse.Namespace) -> int:
    """Write the three pictures."""
    from fasrepro.simulation import cue_pairs, rerender  # here, so that the other commands work without that package

    params = config.load("archives", "synthetic")
    archives = rerender.drawn_archives(params.archives, params.synthetic)
    if not 0 < arguments.strength <= 1:
        raise ValueError(f"--strength {arguments.strength} is not in (0, 1]")
    presentation, _, number = arguments.face.partition("#")
    if not number.isdigit() or int(number) >= params.synthetic.frames:
        raise ValueError(f"{arguments.face}: expected <presentation>#<frame>, the frame below {params.synthetic.frames}")
    recording = rerender.survey(archives, presentation).recording
    pair = cue_pairs.pair(recording, arguments.cue, arguments.strength, int(number), filmed=not arguments.unfilmed)
    for name, picture in (("without", pair.without), ("with", pair.present), ("region", pair.region)):
        path = arguments.out / f"{name}.png"
        with files.replaced(path) as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")
    change = "removed from" if arguments.cue in recording.cues else "added to"
    print(f"{arguments.out}: {arguments.cue} {change} {arguments.face}")
    return 0
