"""`fasrepro counterfactual`: draw a synthetic frame without and with a cue, all else equal, and where the cue is."""

from __future__ import annotations

import argparse
from pathlib import Path

from PIL import Image

from fasrepro import config, files
from fasrepro.simulation import cue_pairs, rerender
from fasrepro.vocabulary import CUES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("face", help="a face_id such as casia/test_release/3/HR_4#0020, of an attack")
    parser.add_argument("--cue", required=True, choices=tuple(CUES))
    parser.add_argument("--strength", type=float, default=cue_pairs.STRENGTH, help="of a cue that is put in, in (0, 1]")
    parser.add_argument("--unfilmed", action="store_true", help="the pictures as they are before the camera")
    parser.add_argument("--out", type=Path, default=Path("counterfactual"), help="folder for without.png, with.png, mask.png")


def run(arguments: argparse.Namespace) -> int:
    """Write the three pictures."""
    params = config.load("archives", "synthetic")
    known = rerender.archives(params.archives, params.synthetic)
    if not 0 < arguments.strength <= 1:
        raise ValueError(f"--strength {arguments.strength} is not in (0, 1]")
    presentation, _, number = arguments.face.partition("#")
    if not number.isdigit() or int(number) >= params.synthetic.frames:
        raise ValueError(f"{arguments.face}: expected <presentation>#<frame>, the frame below {params.synthetic.frames}")
    chosen = rerender.survey(known, presentation).take
    made = cue_pairs.pair(chosen, arguments.cue, arguments.strength, int(number), filmed=not arguments.unfilmed)
    for name, picture in (("without", made.without), ("with", made.present), ("mask", made.mask)):
        path = arguments.out / f"{name}.png"
        with files.replaced(path) as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")
    print(f"{arguments.out}: {arguments.cue} {'taken out of' if arguments.cue in chosen.cues else 'put into'} {arguments.face}")
    return 0
