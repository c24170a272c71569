"""What params.yaml asks to be captioned, and of whom."""

from __future__ import annotations

import dataclasses
from typing import Any

from fasrepro import paths, records
from fasrepro.captions import endpoints, simulated
from fasrepro.captions.annotate import AnnotationError


@dataclasses.dataclass(frozen=True)
class Task:
    """`faces` are to be captioned; those of the data sets of `may_leave` may be sent to another machine.

    `endpoint` is what `endpoints.opened` and `endpoints.described` take.
    """

    faces: list[records.Face]
    label_aware: bool
    may_leave: list[str]
    endpoint: dict[str, Any]


def of(annotator: Any, failings: Any, source: str, people: str) -> Task:
    """Read the index, and the truth where the annotator is simulated.

    The arguments are params.yaml's annotator, simulated, archives.source and synthetic.people. Raises `AnnotationError` for a
    name that is no data set's.
    """
    settings = dataclasses.asdict(annotator)
    label_aware, datasets, may_leave = (settings.pop(key) for key in ("label_aware", "datasets", "may_leave"))
    for key, names in (("datasets", datasets), ("may_leave", may_leave)):
        for name in names:
            if name not in records.DATASETS:
                known = ", ".join(records.DATASETS)
                raise AnnotationError(f"params.yaml: annotator.{key}: unknown data set {name!r}. Known: {known}")
    if source == "synthetic" and people == "procedural":
        may_leave = datasets  # nobody's faces
    faces = [face for face in records.read(paths.FACES, records.Face) if face.split == "train" and face.dataset in datasets]
    if settings["base_url"] == endpoints.SIMULATED:
        truths = records.read(paths.TRUTH, records.Truth)
        settings["annotator"] = simulated.annotator_of(dataclasses.asdict(failings), faces, truths)
    return Task(faces, label_aware, may_leave, settings)
