"""Stage `trainset@name`: the train faces of a protocol, with captions in a mix -> results/trainsets/<name>.parquet."""

from __future__ import annotations

from fasrepro import config, paths, stages
from fasrepro.data import trainsets
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow


def main(argv: list[str] | None = None) -> None:
    """Write the table, and print the faces that are left out."""
    name = stages.name_argument(argv, __doc__, "a training set of jobs.yaml")
    trainset = config.load_trainset(name)
    captions = {set_name: paths.captions(set_name) for set_name in sorted({*trainset.compared, *trainset.captions})}
    captioned = {set_name: table.columns(path, Caption, ["face_id"])["face_id"] for set_name, path in captions.items()}
    faces = table.columns(paths.split(trainset.protocol, "train"), Face, trainsets.FACE_COLUMNS)

    faces, others = trainsets.with_every_caption(faces, captioned)
    for face_id in others:
        print(f"{name}: {face_id} is left out: a caption is missing, see {paths.CAPTIONS_REPORT}")
    rows = trainsets.rows(faces, trainset.captions, captions, paths.WORK)
    table.write_batches(paths.trainset(name), rows, TrainRow)


if __name__ == "__main__":
    stages.run(main)
