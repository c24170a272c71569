"""Texts of a caption model on many workers, by Ray Data (the extra `scale`): every shard once, whichever worker dies.

A worker is a process with a model of its own, on this machine or another one of a Ray cluster. It gets the faces of a shard and
returns their texts. The process that asked writes them, so that workers need write nothing. Ray gives the shard of a worker that
died to another one, and a run that is ended goes on with the shards that are missing.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from fasrepro.captions.shards import Shard, Write, missing
from fasrepro.captions.silver import SilverError, Text
from fasrepro.rows.faces import Face, Label


class _Worker:
    """Writes the texts of one shard after another. `make_writer` loads the model, in the worker's process."""

    def __init__(self, make_writer: Callable[[], Write]) -> None:
        self.write = make_writer()

    def __call__(self, batch: Mapping[str, Sequence[Any]]) -> dict[str, list[Any]]:
        """Return the texts of a batch, which is one shard; both cross between processes as JSON."""
        texts = self.write(_faces(batch["faces"][0]))
        return {"number": [int(batch["number"][0])], "texts": [json.dumps([dataclasses.astuple(text) for text in texts])]}


def _faces(content: str) -> list[Face]:
    """Return the faces of a shard from JSON."""
    return [Face(**{**row, "label": Label(row["label"]), "box": tuple(row["box"])}) for row in json.loads(content)]


def _ray() -> Any:
    """Return the package, which the extra brings and nothing else needs. Raises `SilverError` where it is missing."""
    try:
        import ray.data
    except ImportError:
        raise SilverError("several workers need Ray: pip install -r requirements-scale.lock") from None
    return ray


@contextlib.contextmanager
def cluster(address: str = "") -> Iterator[None]:
    """Be part of a Ray cluster; without an address, of one that is started on this machine and ended with the block."""
    ray = _ray()
    try:
        ray.init(address or "local", include_dashboard=False if not address else None, log_to_driver=False)
    except Exception as error:  # Ray raises nothing narrower where its processes take too long to start
        raise SilverError(f"Ray did not start: {error}; run it again, or name a running cluster by --address") from None
    try:
        yield
    finally:
        ray.shutdown()


def fill(shards: Sequence[Shard], make_writer: Callable[[], Write], workers: int, gpus: float = 0) -> Iterator[Shard]:
    """Write each missing shard, and yield it; in the order in which they are done.

    Args:
        shards: of a caption set.
        make_writer: is called once in each worker, and returns what writes there. Ray pickles it.
        workers: at once, with one core each.
        gpus: of each worker; a share where several fit on one.

    Raises:
        SilverError: Ray is not installed, or a worker failed other than by dying.
    """
    ray, todo = _ray(), missing(shards)
    if not todo:
        return
    rows = [
        {"number": number, "faces": json.dumps([dataclasses.asdict(face) for face in shard.faces])}
        for number, shard in enumerate(todo)
    ]
    asked = ray.data.from_items(rows, override_num_blocks=len(rows))
    answers = asked.map_batches(
        _Worker,
        batch_size=1,
        concurrency=workers,
        fn_constructor_args=(make_writer,),
        num_cpus=1,
        num_gpus=gpus,
    )
    try:
        for row in answers.iter_rows():
            shard = todo[row["number"]]
            shard.write([Text(*text) for text in json.loads(row["texts"])])
            yield shard
    except ray.exceptions.RayError as error:
        last_line = str(error).rstrip().rpartition("\n")[2]  # of the trace: the worker's own words
        raise SilverError(f"a worker failed: {last_line}") from None
