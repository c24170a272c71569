"""`fasrepro caption`: write the texts of a caption model's set on several workers, by Ray Data.

They lie in shards under .work, where `dvc repro caption@SET` finds them and makes captions of them. Without this command that
stage writes them itself, one after another, and the bytes are the same. Every machine of a Ray cluster needs the project's folder
under the same path.
"""

from __future__ import annotations

import argparse
import functools
from pathlib import Path

from fasrepro import config


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("set", help="a caption set with `author: captioner`, such as silver")
    parser.add_argument("--workers", type=int, default=2, help="models that write at once")
    parser.add_argument("--gpus", type=float, default=0, help="of each worker; 0.5 where two fit on one")
    parser.add_argument("--address", default="", help="of a running Ray cluster, or auto; by default one is started here")


def run(arguments: argparse.Namespace) -> int:
    """Write the missing shards of the set."""
    if arguments.workers < 1:
        raise ValueError(f"--workers is {arguments.workers}: name at least one")
    params = config.load("threads", "index", "captions", "parts")

    from fasrepro.captions import at_scale, shards  # here, with torch, because they take seconds that no other verb needs
    from fasrepro.stages import caption, caption_writer, set_faces

    entry = caption.silver_set(params.captions, arguments.set)
    faces, writer = set_faces.of_set(entry.faces, params.parts), caption_writer.identity(entry.captioner)
    pieces = caption_writer.shards_of(arguments.set, writer, entry.generation, faces)
    load = functools.partial(
        caption_writer.load_in, Path.cwd(), entry.captioner, params.index.crop, entry.generation, params.threads
    )
    with caption_writer.locked(arguments.set):
        todo = len(shards.missing(pieces))
        print(f"{arguments.set}: {todo} of {len(pieces)} shards to write")
        with at_scale.cluster(arguments.address):
            for number, shard in enumerate(at_scale.fill(pieces, load, arguments.workers, arguments.gpus), 1):
                print(f"shard {shard.path.stem}, {number} of {todo}")
    print(f"now `dvc repro caption@{arguments.set}` makes captions of them")
    return 0
