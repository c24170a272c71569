"""Stage `world`: the tables of the synthetic world, and an example of each cue -> results/world."""

from __future__ import annotations

import argparse

from fasrepro import config, files, paths, stages
from fasrepro.simulation import archive_writer, cue_pairs, worlds


def main(argv: list[str] | None = None) -> None:
    """Write world.json and cue_pairs.npz; both are empty for licensed archives."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("archives", "synthetic")
    tables, examples = {}, {}
    if params.archives.source == "synthetic":
        plan = archive_writer.plan(params.archives.datasets)
        tables = worlds.tables(params.synthetic.world, plan)
        examples = cue_pairs.examples(plan, params.synthetic)
    with files.replaced_folder(paths.WORLD.parent, paths.WORK / "world") as folder:
        files.write_json(folder / paths.WORLD.name, tables)
        cue_pairs.write(folder / paths.CUE_PAIRS.name, examples)
    print(f"world: {len(examples)} pictures of cues")


if __name__ == "__main__":
    stages.run(main)
