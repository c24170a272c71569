"""Training sets: the train faces of a protocol, each with its caption in the mix that a run asks for.

All of it works on columns, so that a million faces with their captions take seconds and no more than a gigabyte.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.hashing import unit_hash
from fasrepro.rows import table

FACE_COLUMNS = ("face_id", "dataset", "species", "label", "crop", "crop_sha256")
MEMORY = "700MB"  # of the join; what exceeds it is spilled to disk


class TrainsetError(ValueError):
    """A mix of captions that cannot be made; the message names the set, the faces and the remedy."""


def mix_name(captions: Mapping[str, float]) -> str:
    """Name a mix of caption sets.

    >>> mix_name({}), mix_name({"vanilla": 1.0}), mix_name({"vanilla": 0.5, "reasoning": 0.5})
    ('labels', 'vanilla', 'reasoning50-vanilla50')
    """
    if not captions:
        return "labels"
    if captions == dict.fromkeys(captions, 1.0):
        return next(iter(captions))
    # DVC takes a dot for a path.
    return "-".join(f"{name}{100 * share:g}".replace(".", "p") for name, share in sorted(captions.items()))


def check_shares(captions: Mapping[str, float]) -> None:
    """Raise `TrainsetError` unless a mix is empty or its shares are positive and add up to 1."""
    if captions and (any(share <= 0 for share in captions.values()) or abs(sum(captions.values()) - 1) > 1e-9):
        raise TrainsetError(f"captions {dict(captions)}: shares must be positive and add up to 1")


def with_every_caption(faces: pa.Table, captioned: Mapping[str, pa.Array]) -> tuple[pa.Table, list[str]]:
    """Return the faces that have a caption in every set, and the ids of the others.

    Runs are compared on the same images. So a face that has no caption in one set of an experiment is in none of its training
    sets, whatever their captions; results/captions_report gives the last reason.

    Args:
        faces: with at least `FACE_COLUMNS`.
        captioned: the ids of the faces that have a caption, for each caption set that the experiment compares.

    Raises:
        TrainsetError: where no face of a data set is left.
    """
    complete = pa.array(np.ones(len(faces), bool))
    for ids in captioned.values():
        complete = pc.and_(complete, pc.is_in(faces["face_id"], value_set=ids))
    kept, others = faces.filter(complete), faces.filter(pc.invert(complete))
    bare = sorted({*others["dataset"].unique().to_pylist()} - {*kept["dataset"].unique().to_pylist()})
    if bare:
        raise TrainsetError(
            f"{', '.join(bare)}: no face has a caption in every set of {', '.join(captioned)}; is the data set in"
            " annotator.datasets of params.yaml? results/captions_report names what failed"
        )
    return kept, others["face_id"].to_pylist()


def assign_captions(faces: pa.Table, captions: Mapping[str, float]) -> np.ndarray:
    """Return the caption set of each face, as an index into the sorted names of `captions`.

    The faces of each data set and species, in an order drawn by hash, are dealt out so that every stratum keeps the shares to
    within one face. The result depends on the ids of the faces and on the shares, not on the order of the faces.

    Args:
        faces: with the columns face_id, dataset and species.
        captions: the share of each caption set; they add up to 1.

    Raises:
        TrainsetError: if they do not.
    """
    check_shares(captions)
    bounds = np.cumsum([captions[name] for name in sorted(captions)]) - 1e-12
    assigned = np.full(len(faces), len(captions) - 1)  # rounding can leave the last bound below 1
    if len(captions) < 2:
        return assigned
    hashes = np.array([unit_hash("style", face_id) for face_id in faces["face_id"].to_pylist()])
    strata = faces.select(["dataset", "species"]).append_column("row", pa.array(np.arange(len(faces))))
    for stratum in strata.group_by(["dataset", "species"]).aggregate([("row", "list")]).to_pylist():
        rows = np.array(stratum["row_list"])
        ordered = rows[np.argsort(hashes[rows], kind="stable")]
        # Without a start of its own, every small stratum would give its odd face to the same set.
        start = unit_hash("stratum", stratum["dataset"], stratum["species"])
        positions = ((np.arange(len(ordered)) + start) / len(ordered)) % 1.0
        assigned[ordered] = np.minimum(np.searchsorted(bounds, positions, side="right"), len(captions) - 1)
    return assigned


def rows(faces: pa.Table, captions: Mapping[str, float], paths: Mapping[str, Path], work: Path) -> Iterator[pa.RecordBatch]:
    """Yield the training rows of faces in the order of their ids, each with its caption in the set that it is assigned.

    Args:
        faces: with at least `FACE_COLUMNS`; each has a caption in every set of `captions`.
        captions: the share of each caption set; empty to train on labels alone.
        paths: the table of each caption set, which has been checked (`table.columns`).
        work: folder for what exceeds `MEMORY`.

    Raises:
        TrainsetError: if the shares do not add up to 1, or the disk is full.
    """
    faces = faces.select(FACE_COLUMNS)
    if not captions:
        nothing = pa.array([""] * len(faces), pa.string())
        yield from faces.append_column("style", nothing).append_column("caption", nothing).sort_by("face_id").to_batches()
        return
    faces = faces.append_column("mix", pa.array(assign_captions(faces, captions)))
    files = [str(paths[name]) for name in sorted(captions)]
    texts = " union all ".join(
        f"select face_id, style, text as caption, {mix} as mix from read_parquet(?)" for mix in range(len(files))
    )
    query = f"select faces.*, style, caption from faces join ({texts}) using (face_id, mix) order by face_id"
    work.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(dir=work) as spilled:
            settings = {"threads": 1, "memory_limit": MEMORY, "temp_directory": spilled}
            with duckdb.connect(config=settings) as connection:
                connection.register("faces", faces)
                yield from connection.sql(query, params=files).to_arrow_reader(table.ROW_GROUP)
    except duckdb.Error as error:
        fault = str(error).splitlines()[0]
        raise TrainsetError(f"faces and captions cannot be joined: {fault}; is there room in {work}?") from None
