"""The annotator that params.yaml names: which faces it captions, and the endpoint that it is reached at.

The one place that chooses between the simulated annotator and a real one. Shared by the stages `annotate` and `readers` and by
`fasrepro annotate`.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from typing import Any

from fasrepro import names, paths, regions
from fasrepro.captions.annotate import AnnotationError
from fasrepro.datasets import DATASETS
from fasrepro.llm import endpoints
from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation import annotator as simulated

NOT_OF_THE_ENDPOINT = ("label_aware", "datasets", "may_leave", "prompt")  # keys of params.yaml's `annotator`


@dataclasses.dataclass(frozen=True)
class AnnotationTask:
    """What params.yaml asks to be captioned, and of whom.

    Args:
        faces: to be captioned.
        present: the cues seen in each face's crop, by face_id; None where no truth is known.
        label_aware: whether the annotator is told the label.
        may_leave: data sets whose faces may be sent to another machine.
        prompt: takes the place of a style's own, "" if nothing does: see `styles.worded`.
        endpoint: base_url, model and the other settings of an endpoint.
        simulated: the annotator behind a simulated endpoint, None for a real one.
    """

    faces: list[Face]
    present: dict[str, list[str]] | None
    label_aware: bool
    may_leave: list[str]
    prompt: str
    endpoint: dict[str, Any]
    simulated: simulated.Annotator | None


def annotation_task(annotator: Any, failings: Any, source: str, people: str) -> AnnotationTask:
    """Read the index, and the truth where one is known.

    Args:
        annotator: params.yaml's `annotator`.
        failings: params.yaml's `simulated`.
        source: params.yaml's `archives.source`.
        people: params.yaml's `synthetic.people`.

    Raises:
        AnnotationError: for a name that is no data set's.
    """
    for key, chosen in (("datasets", annotator.datasets), ("may_leave", annotator.may_leave)):
        for name in chosen:
            names.lookup(DATASETS, name, "data set", AnnotationError, f"params.yaml: annotator.{key}")
    # The faces of drawn people are nobody's.
    may_leave = annotator.datasets if source == "synthetic" and people == "procedural" else annotator.may_leave
    faces = [face for face in table.read(paths.FACES, Face) if face.split == "train" and face.dataset in annotator.datasets]
    truths = {truth.face_id: truth for truth in table.read(paths.TRUTH, Truth)}
    present = None
    if truths:
        present = {f.face_id: regions.visible(f.box, truths[f.face_id].cues, truths[f.face_id].regions) for f in faces}
    behind = None
    if annotator.base_url == simulated.SIMULATED:
        behind = simulated.annotator_of(dataclasses.asdict(failings), faces, list(truths.values()))
    return AnnotationTask(
        faces=faces,
        present=present,
        label_aware=annotator.label_aware,
        may_leave=may_leave,
        prompt=annotator.prompt,
        endpoint=endpoint_settings(annotator),
        simulated=behind,
    )


def endpoint_settings(annotator: Any) -> dict[str, Any]:
    """Return the settings of params.yaml's `annotator` that describe its endpoint."""
    return {key: value for key, value in dataclasses.asdict(annotator).items() if key not in NOT_OF_THE_ENDPOINT}


def described(settings: dict[str, Any], annotator: simulated.Annotator | None) -> Endpoint:
    """Return the endpoint of `settings` without its key. Raises `EndpointError`."""
    base_url, model = settings["base_url"], settings["model"]
    if base_url == simulated.SIMULATED:
        others = {key: value for key, value in settings.items() if key not in ("base_url", "model")}
        return simulated.described(annotator, model, **others)
    endpoint = endpoints.described(**settings)
    if model in simulated.MODELS:
        raise EndpointError(f"model {model!r} is simulated; name one of {base_url} (annotator.model, judging.model)")
    return endpoint


@contextlib.contextmanager
def opened(settings: dict[str, Any], annotator: simulated.Annotator | None) -> Iterator[Endpoint]:
    """Yield the endpoint of `settings` with its key; a simulated annotator's server runs meanwhile. Raises `EndpointError`."""
    endpoint = described(settings, annotator)
    if annotator is not None and settings["base_url"] == simulated.SIMULATED:
        with simulated.opened(annotator, endpoint) as running:
            yield running
    else:
        with endpoints.opened(endpoint) as running:
            yield running
