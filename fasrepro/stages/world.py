"""Stage `world`: the tables of the synthetic world, and an example of each cue -> results/world."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, files, paths, stages
from fasrepro.simulation import build_archives, cue_pairs, takes, worlds


def main(argv: list[str] | None = None) -> None:
    """Write world.json and cue_pairs.npz; both are empty for licensed archives."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("archives", "synthetic")
    tables, examples = {}, {}
    if params.archives.source == "synthetic":
        scene = takes.scene(dataclasses.asdict(params.synthetic))
        tables = worlds.tables(scene.world)
        examples = cue_pairs.examples(build_archives.plan(params.archives.datasets), scene)
    with files.replaced_folder(paths.WORLD.parent, paths.WORK / "world") as folder:
        files.write_json(folder / paths.WORLD.name, tables)
        cue_pairs.write(folder / paths.CUE_PAIRS.name, examples)
    print(f"world: {len(examples)} pictures of cues")


if __name__ == "__main__":
    stages.run(main)
