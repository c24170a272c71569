"""What params.yaml asks to be captioned, and of whom."""

from __future__ import annotations

import dataclasses
from typing import Any

from fasrepro import cues, paths, records
from fasrepro.captions import endpoints, simulated
from fasrepro.captions.annotate import AnnotationError


@dataclasses.dataclass(frozen=True)
class Task:
    """`faces` are to be captioned; those of the data sets of `may_leave` may be sent to another machine.

    `prompt` is what takes the place of a style's own, "" if nothing does: see `styles.worded`.
    `present` are the cues seen in each face's crop, by its id; None where no truth is known.
    `endpoint` is what `endpoints.opened` and `endpoints.described` take.
    """

    faces: list[records.Face]
    present: dict[str, list[str]] | None
    label_aware: bool
    may_leave: list[str]
    prompt: str
    endpoint: dict[str, Any]


def of(annotator: Any, failings: Any, source: str, people: str) -> Task:
    """Read the index, and the truth where one is known.

    The arguments are params.yaml's annotator, simulated, archives.source and synthetic.people. Raises `AnnotationError` for a
    name that is no data set's.
    """
    settings = dataclasses.asdict(annotator)
    label_aware, datasets, may_leave, prompt = (settings.pop(key) for key in ("label_aware", "datasets", "may_leave", "prompt"))
    for key, names in (("datasets", datasets), ("may_leave", may_leave)):
        for name in names:
            if name not in records.DATASETS:
                known = ", ".join(records.DATASETS)
                raise AnnotationError(f"params.yaml: annotator.{key}: unknown data set {name!r}. Known: {known}")
    if source == "synthetic" and people == "procedural":
        may_leave = datasets  # nobody's faces
    faces = [face for face in records.read(paths.FACES, records.Face) if face.split == "train" and face.dataset in datasets]
    truths = {truth.face_id: truth for truth in records.read(paths.TRUTH, records.Truth)}
    if settings["base_url"] == endpoints.SIMULATED:
        settings["annotator"] = simulated.annotator_of(dataclasses.asdict(failings), faces, list(truths.values()))
    present = {f.face_id: cues.visible(f.box, truths[f.face_id].cues, truths[f.face_id].masks) for f in faces} if truths else None
    return Task(faces, present, label_aware, may_leave, prompt, settings)
