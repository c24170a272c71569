"""The outputs of jobs, grouped by cell, for the stages that evaluate them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from fasrepro import config, paths, regions
from fasrepro.config import Job
from fasrepro.data import protocols, splits
from fasrepro.data.splits import Split
from fasrepro.evaluation.results import Cell, Metrics
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.scores import Explanation, Score
from fasrepro.rows.truth import Truth

Row = TypeVar("Row", Score, Explanation)


def by_face(rows: Iterable[Any], field: str, *names: str) -> dict[Hashable, dict[str, Any]]:
    """Return a field of rows by face_id, for each value of `names`: of one name the value itself, of several a tuple.

    `by_face(rows, "p_attack", "protocol", "run", "seed")` is {(protocol, run, seed): {face_id: p_attack}}.
    """
    groups: dict[Hashable, dict[str, Any]] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in names)
        groups.setdefault(key if len(names) > 1 else key[0], {})[row.face_id] = getattr(row, field)
    return groups


def _read_own(path: Any, job: Job, row_type: type[Row]) -> list[Row]:
    """Read a job's table. Raises `ValueError` where it holds rows of another job."""
    rows = table.read(path, row_type)
    for row in rows:
        if (row.protocol, row.run, row.seed) != (job.protocol, job.run, job.seed):
            holds = f"{row.protocol}-{row.run}-{row.seed}"
            raise ValueError(f"{path}: holds rows of {holds}; run `dvc repro predict@{job.name}`")
    return rows


@dataclasses.dataclass(frozen=True)
class CellJobs:
    """A cell, its jobs (one a seed, ascending), and the faces of its protocol."""

    cell: Cell
    jobs: Sequence[Job]
    split: Split

    @property
    def test(self) -> list[Face]:
        """The target's test faces."""
        return self.split.of_target(self.cell.target)

    def scores(self) -> dict[int, dict[str, float]]:
        """Return p_attack by seed and face_id, of dev and of every target of the protocol."""
        rows = [row for job in self.jobs for row in _read_own(paths.scores(job.name), job, Score)]
        scores = by_face(rows, "p_attack", "seed")
        return {job.seed: scores.get(job.seed, {}) for job in self.jobs}

    def explanations(self) -> dict[int, dict[str, str]]:
        """Return texts by seed and face_id, of the target's faces."""
        return self._texts(paths.explanations, self.test)

    def dev_explanations(self) -> dict[int, dict[str, str]]:
        """Return texts by seed and face_id, of the sources' dev faces."""
        return self._texts(paths.dev_explanations, self.split.dev)

    def _texts(self, path_of: Callable[[str], Path], faces: Iterable[Face]) -> dict[int, dict[str, str]]:
        rows = [row for job in self.jobs for row in _read_own(path_of(job.name), job, Explanation)]
        texts, wanted = by_face(rows, "text", "seed"), {face.face_id for face in faces}
        return {
            job.seed: {face_id: text for face_id, text in texts.get(job.seed, {}).items() if face_id in wanted}
            for job in self.jobs
        }

    def thresholds(self, metrics: Metrics) -> dict[int, float]:
        """Return the dev thresholds by seed, from the contents of metrics.json."""
        by_seed = metrics.cells[self.cell.key].by_seed
        return {job.seed: by_seed[job.seed].threshold_dev for job in self.jobs}


def load_cells() -> list[CellJobs]:
    """Return the cells of jobs.yaml, sorted by key. Raises `ValueError` for two cells of one name."""
    by_protocol = config.load_protocols()
    split_of = {name: splits.read(name) for name in {job.protocol for job in config.load_jobs().values()}}
    cells: dict[str, CellJobs] = {}
    for (protocol, run), jobs in config.by_run(config.load_jobs()).items():
        for target in by_protocol[protocol].test:
            tested = [job for job in jobs if target in job.test]
            if not tested:
                continue
            cell = Cell(protocol, run, target, protocols.cell_name(by_protocol[protocol], target))
            if cell.key in cells:
                other = cells[cell.key].cell.protocol
                raise ValueError(f"{paths.PARAMS}: protocols {other} and {protocol} both test {cell.cell}; keep one of them")
            cells[cell.key] = CellJobs(cell, tested, split_of[protocol])
    return [cells[key] for key in sorted(cells)]


def visible_cues(faces: Iterable[Face]) -> dict[str, list[str]] | None:
    """Return the cues visible in each face's crop, by face_id; None where no truth is known, as of licensed archives."""
    truths = {row.face_id: row for row in table.read_all(paths.TRUTH, Truth)}
    if not truths:
        return None
    return {
        face.face_id: regions.visible(face.box, truths[face.face_id].cues, truths[face.face_id].regions)
        for face in faces
        if face.face_id in truths
    }


def faces_by_id() -> Mapping[str, Face]:
    """Return every indexed face by its id."""
    return {face.face_id: face for face in table.read_all(paths.FACES, Face)}
