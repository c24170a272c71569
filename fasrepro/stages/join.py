"""Captions of a set that holds those of two others: `python -m fasrepro.stages.join --set all`."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.captions import controls, sets
from fasrepro.captions.sets import CaptionSetError
from fasrepro.rows import table
from fasrepro.rows.captions import Caption


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<set>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    name = parser.parse_args(argv).set
    params = config.load("captions")
    sets.check(params.captions)
    joined = sets.lookup(params.captions, name).joined
    if not joined:
        raise CaptionSetError(f"{name}: it joins no other sets: run `dvc repro annotate@{name}` or `derive@{name}`")
    captions = controls.join({parent: table.read(paths.captions(parent), Caption) for parent in joined})
    table.write(paths.captions(name), captions, Caption)
    print(f"{name}: {len(captions)} captions")


if __name__ == "__main__":
    stages.run(main)
