"""Captions of a control, made from annotated ones: `python -m fasrepro.stages.derive --name shuffled`."""

from __future__ import annotations

import argparse

from fasrepro import paths, stages
from fasrepro.captions import controls
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<name>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    name = parser.parse_args(argv).name
    source = table.read(paths.captions(controls.control_of(name).source), Caption)
    made = controls.derive(name, table.read(paths.FACES, Face), source)
    table.write(paths.captions(name), made, Caption)
    print(f"{name}: {len(made)} captions")


if __name__ == "__main__":
    stages.run(main)
