"""Stage `splits@protocol`: the faces that a protocol trains on, chooses thresholds on, and tests -> results/splits/<protocol>."""

from __future__ import annotations

import pyarrow as pa

from fasrepro import config, files, names, paths, stages
from fasrepro.config import ConfigError
from fasrepro.data import partition
from fasrepro.rows import table
from fasrepro.rows.faces import Face


def main(argv: list[str] | None = None) -> None:
    """Write train.parquet, dev.parquet and test.parquet; test holds the faces of all targets.

    Raises `ProtocolError`, before anything is written, for parts on which nothing can be trained and tested honestly.
    """
    name = stages.name_argument(argv, __doc__, "a protocol of jobs.yaml")
    protocol = names.lookup(config.load_protocols(), name, "protocol", ConfigError, str(paths.JOBS))
    datasets = sorted({*protocol.train, *protocol.test})
    faces = pa.concat_tables(table.columns(paths.faces(dataset), Face) for dataset in datasets)
    parts = partition.split_columns(faces, protocol)
    partition.check(parts, protocol)
    with files.replaced_folder(paths.SPLITS / name, paths.WORK / "splits") as folder:
        for part, columns in parts.items():
            table.write_columns(folder / f"{part}.parquet", columns, Face)
    print(f"splits {name}: {', '.join(f'{len(columns)} {part}' for part, columns in parts.items())} faces")


if __name__ == "__main__":
    stages.run(main)
