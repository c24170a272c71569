"""The annotator that params.yaml names: which faces it captions, and the endpoint at which it is asked.

The one place that chooses between the simulated annotator and a real one. The stages `annotate` and `readers` and the command
`fasrepro annotate` share it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator
from typing import Any

from fasrepro import config, names, paths, regions
from fasrepro.captions.annotate import AnnotationError
from fasrepro.datasets import DATASETS
from fasrepro.llm import endpoints, types
from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation import annotator as simulation

NOT_OF_THE_ENDPOINT = ("label_aware", "datasets", "may_leave", "prompt")  # keys of params.yaml's `annotator`


@dataclasses.dataclass(frozen=True)
class AnnotationTask:
    """What params.yaml asks to be captioned, and by which model.

    Args:
        faces: to be captioned.
        present: the cues visible in each face's crop, by face_id; None where no truth is known.
        label_aware: whether its prompt states the label.
        may_leave: data sets whose faces may be sent to another machine.
        prompt: replaces the prompt of every style; "" for none: see `styles.with_own_prompt`.
        endpoint: base_url, model and the other settings of an endpoint.
        simulated: the annotator behind a simulated endpoint; None for a real one.
    """

    faces: list[Face]
    present: dict[str, list[str]] | None
    label_aware: bool
    may_leave: list[str]
    prompt: str
    endpoint: dict[str, Any]
    simulated: simulation.Annotator | None


def annotation_task(annotator: config.Annotator, settings: config.Simulated, source: str, people: str) -> AnnotationTask:
    """Read the faces to be captioned, and what is known of them.

    Args:
        annotator: params.yaml's `annotator`.
        settings: params.yaml's `simulated`.
        source: params.yaml's `archives.source`.
        people: params.yaml's `synthetic.people`.

    Raises:
        AnnotationError: a data set is unknown, none is present, or no protocol trains on any.
        AnnotatorError: the annotator is simulated and no truth is known.
    """
    for key, datasets in (("datasets", annotator.datasets), ("may_leave", annotator.may_leave)):
        for name in datasets:
            names.lookup(DATASETS, name, "data set", AnnotationError, f"params.yaml: annotator.{key}")
    datasets = captioned_datasets(annotator)
    faces = train_faces(datasets)
    truths = _truths(datasets)
    simulated = None
    if annotator.base_url == simulation.SIMULATED:
        simulated = simulation.annotator_of(settings, faces, list(truths.values()))
    is_drawn = source == "synthetic" and people == "procedural"  # faces of drawn people are nobody's
    return AnnotationTask(
        faces=faces,
        present=_visible_cues(faces, truths),
        label_aware=annotator.label_aware,
        may_leave=datasets if is_drawn else annotator.may_leave,
        prompt=annotator.prompt,
        endpoint=endpoint_settings(annotator),
        simulated=simulated,
    )


def captioned_datasets(annotator: config.Annotator) -> list[str]:
    """Return the data sets whose train faces are captioned: of a real annotator those of jobs.yaml; print which are spared.

    Raises:
        AnnotationError: no protocol trains on any of them.
    """
    if annotator.is_simulated:
        return annotator.datasets
    captioned = config.read_jobs().captioned
    spared = [name for name in annotator.datasets if name not in captioned]
    if spared:
        print(f"not captioned, because no protocol in {paths.JOBS} trains on it: {', '.join(spared)}", file=sys.stderr)
    if len(spared) == len(annotator.datasets):
        raise AnnotationError(f"params.yaml: annotator.datasets: no protocol in {paths.JOBS} trains on any; name its sources")
    return [name for name in annotator.datasets if name in captioned]


def present_cues(faces: list[Face], datasets: list[str]) -> dict[str, list[str]] | None:
    """Return the cues visible in each face's crop, by face_id; None where no truth is known."""
    return _visible_cues(faces, _truths(datasets))


def _visible_cues(faces: list[Face], truths: dict[str, Truth]) -> dict[str, list[str]] | None:
    if not truths:
        return None
    return {face.face_id: regions.visible(face.box, truths[face.face_id].cues, truths[face.face_id].regions) for face in faces}


def train_faces(datasets: list[str]) -> list[Face]:
    """Return the official train faces of the data sets that are present, sorted by face_id. Raises `AnnotationError` for none."""
    absent = [name for name in datasets if not paths.faces(name).is_file()]
    if absent:
        missing = ", ".join(str(paths.faces(name)) for name in absent)
        print(f"not present, and not captioned: {', '.join(absent)} (no {missing})", file=sys.stderr)
    tables = [table.read(paths.faces(name), Face) for name in datasets if name not in absent]
    faces = [face for rows in tables for face in rows if face.split == "train"]
    if not faces:
        raise AnnotationError(f"no train faces of {', '.join(datasets)} in {paths.FACES}: see annotator.datasets of params.yaml")
    return sorted(faces, key=lambda face: face.face_id)


def _truths(datasets: list[str]) -> dict[str, Truth]:
    """Return what is known of synthetic images, by face_id; nothing of licensed archives."""
    tables = [table.read(paths.truth(name), Truth) for name in datasets if paths.truth(name).is_file()]
    return {truth.face_id: truth for truths in tables for truth in truths}


def endpoint_settings(annotator: config.Annotator) -> dict[str, Any]:
    """Return the settings in params.yaml's `annotator` that describe its endpoint."""
    return {key: value for key, value in dataclasses.asdict(annotator).items() if key not in NOT_OF_THE_ENDPOINT}


def endpoint_of(settings: dict[str, Any], annotator: simulation.Annotator | None) -> Endpoint:
    """Return the endpoint that `settings` describe, without its key. Raises `EndpointError`."""
    base_url, model = settings["base_url"], settings["model"]
    if base_url == simulation.SIMULATED:
        others = {key: value for key, value in settings.items() if key not in ("base_url", "model")}
        return simulation.endpoint_of(annotator, model, **others)
    endpoint = endpoints.endpoint_at(**settings)
    if model in simulation.MODELS:
        raise EndpointError(
            f"model {model!r} is simulated; name one of {types.shown_url(base_url)} (annotator.model, judging.model)"
        )
    return endpoint


@contextlib.contextmanager
def open_endpoint(settings: dict[str, Any], annotator: simulation.Annotator | None) -> Iterator[Endpoint]:
    """Yield the endpoint that `settings` describe, with its key; a simulated annotator's server runs meanwhile.

    Raises:
        EndpointError: the endpoint cannot be, or a key is needed and not set.
    """
    endpoint = endpoint_of(settings, annotator)
    if annotator is not None and settings["base_url"] == simulation.SIMULATED:
        with simulation.serving(annotator, endpoint) as running:
            yield running
    else:
        yield endpoints.with_key(endpoint)
