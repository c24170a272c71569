"""Captions of a control, made from annotated ones: `python -m fasrepro.stages.control --name shuffled`."""

from __future__ import annotations

import argparse

from fasrepro import paths, records, stages
from fasrepro.captions import controls


def main(argv: list[str] | None = None) -> None:
    """Write results/captions/<name>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    name = parser.parse_args(argv).name
    source = records.read(paths.captions(controls.control_of(name).source), records.Caption)
    made = controls.derive(name, records.read(paths.FACES, records.Face), source)
    records.write(paths.captions(name), made, records.Caption)
    print(f"{name}: {len(made)} captions")


if __name__ == "__main__":
    stages.run(main)
