"""Stage `splits@protocol`: the faces that a protocol trains on, chooses thresholds on, and tests -> results/splits/<protocol>."""

from __future__ import annotations

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError
from fasrepro.data import protocols
from fasrepro.rows import table
from fasrepro.rows.faces import Face


def main(argv: list[str] | None = None) -> None:
    """Write train.parquet, dev.parquet and test.parquet; test holds the faces of all targets."""
    name = stages.name_argument(argv, __doc__, "a protocol of jobs.yaml")
    protocol = names.lookup(config.load_protocols(), name, "protocol", ConfigError, str(paths.JOBS))
    faces = [face for dataset in sorted({*protocol.train, *protocol.test}) for face in table.read(paths.faces(dataset), Face)]
    split = protocols.split_faces(faces, protocol)
    with files.replaced_folder(paths.SPLITS / name, paths.WORK / "splits") as folder:
        for part in protocols.PARTS:
            table.write(folder / f"{part}.parquet", getattr(split, part), Face)
    print(f"splits {name}: {len(split.train)} train, {len(split.dev)} dev, {len(split.test)} test faces")


if __name__ == "__main__":
    stages.run(main)
