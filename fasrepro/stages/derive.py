"""Captions of a set that is derived from another one by a control: `python -m fasrepro.stages.derive --set prose`."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.captions import controls, sets
from fasrepro.captions.sets import CaptionSetError
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<set>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--set", required=True)
    name = parser.parse_args(argv).set
    params = config.load("captions")
    sets.check(params.captions)
    caption_set = sets.lookup(params.captions, name)
    if not caption_set.derived:
        raise CaptionSetError(f"{name}: no control makes this set: run `dvc repro annotate@{name}` or `join@{name}`")
    source = table.read(paths.captions(caption_set.of), Caption)
    captions = controls.derive(caption_set.derived, table.read_all(paths.FACES, Face), source)
    table.write(paths.captions(name), captions, Caption)
    print(f"{name}: {len(captions)} captions")


if __name__ == "__main__":
    stages.run(main)
