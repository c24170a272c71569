"""Stage `trainset@name`: the faces of a protocol's training split, with captions in a mix."""

from __future__ import annotations

import argparse

from fasrepro import config, paths, stages
from fasrepro.data import protocols, trainsets
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow


def main(argv: list[str] | None = None) -> None:
    """Write results/trainsets/<name>.parquet."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--name", required=True)
    parser.add_argument("--protocol", required=True)
    parser.add_argument("--captions", nargs="*", default=[], metavar="STYLE=SHARE")
    arguments = parser.parse_args(argv)

    faces = protocols.split_faces(table.read(paths.FACES, Face), protocols.protocol(arguments.protocol)).train
    shares, styles = trainsets.parse_shares(arguments.captions), config.load("styles").styles
    texts = {style: table.read(paths.captions(style), Caption) for style in [*styles, *(set(shares) - set(styles))]}
    rows = trainsets.build(faces, shares, texts)
    for face_id in trainsets.captioned(faces, texts)[1]:
        print(f"{arguments.name}: {face_id} left out: a caption is missing, see {paths.captions_report('').parent}")
    table.write(paths.trainset(arguments.name), rows, TrainRow)


if __name__ == "__main__":
    stages.run(main)
