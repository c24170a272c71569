"""Stage `trainset@name`: the faces of a protocol's training split, with captions in a mix."""

from __future__ import annotations

import argparse

from fasrepro import paths, records, stages
from fasrepro.data import protocols, trainsets


def main(argv: list[str] | None = None) -> None:
    """Write results/trainsets/<name>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--captions", nargs="*", default=[], metavar="STYLE=SHARE")
    arguments = parser.parse_args(argv)

    captions = trainsets.parse_shares(arguments.captions)
    faces = protocols.split_faces(records.read(paths.FACES, records.Face), protocols.protocol(arguments.protocol)).train
    texts = {style: records.read(paths.captions(style), records.Caption) for style in captions}
    rows = trainsets.build(faces, captions, texts)
    records.write(paths.trainset(arguments.name), rows, records.TrainRow)


if __name__ == "__main__":
    stages.run(main)
