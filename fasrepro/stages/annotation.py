"""The annotator that params.yaml names: which faces it captions, and the endpoint at which it is asked.

The one place that chooses between the simulated annotator and a real one. The stages `annotate` and `readers` and the command
`fasrepro annotate` share it.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sys
from collections.abc import Iterator, Mapping
from types import SimpleNamespace
from typing import Any

from fasrepro import config, names, paths
from fasrepro.captions import report
from fasrepro.captions.annotate import AnnotationError
from fasrepro.captions.sets import CaptionSet, FacesOfPart
from fasrepro.captions.styles import Style, with_own_prompt
from fasrepro.data import people_parts
from fasrepro.datasets import DATASETS
from fasrepro.llm import endpoints, types
from fasrepro.llm.types import Endpoint, EndpointError
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth
from fasrepro.simulation import annotator as simulation
from fasrepro.stages import set_faces

NOT_OF_THE_ENDPOINT = ("label_aware", "datasets", "may_leave", "prompt")  # keys of params.yaml's `annotator`


@dataclasses.dataclass(frozen=True)
class AnnotationTask:
    """What params.yaml asks to be captioned, and by which model.

    Args:
        faces: to be captioned.
        truths: what is known of their data sets' images, by face_id; nothing of licensed archives.
        present: the cues visible in each face's crop, by face_id; None where no truth is known.
        label_aware: whether its prompt states the label.
        may_leave: data sets whose faces may be sent to another machine.
        style: in which it is asked: the set's, with the prompt of an annotator that was trained on one.
        rounds: in which it is asked: see `annotate.requests_for`.
        endpoint: base_url, model and the other settings of an endpoint.
        simulated: the annotator behind a simulated endpoint; None for a real one.
    """

    faces: list[Face]
    truths: dict[str, Truth]
    present: dict[str, list[str]] | None
    label_aware: bool
    may_leave: list[str]
    style: Style
    rounds: int
    endpoint: dict[str, Any]
    simulated: simulation.Annotator | None


def annotation_task(
    caption_set: CaptionSet,
    annotator: config.Annotator,
    settings: config.Simulated,
    parts: Mapping[str, people_parts.Shares],
    source: str,
    people: str,
) -> AnnotationTask:
    """Read the faces that a set is about, and what is known of them.

    Args:
        caption_set: that the annotator writes.
        annotator: params.yaml's `annotator`.
        settings: params.yaml's `simulated`.
        parts: params.yaml's `parts`.
        source: params.yaml's `archives.source`.
        people: params.yaml's `synthetic.people`.

    Raises:
        AnnotationError: a data set is unknown, none is present, or no protocol trains on any.
        PartError: the set asks for more faces than there are, or for those of a part without people.
        AnnotatorError: the annotator is simulated and no truth is known.
    """
    for key, datasets in (("datasets", annotator.datasets), ("may_leave", annotator.may_leave)):
        for name in datasets:
            names.lookup(DATASETS, name, "data set", AnnotationError, f"params.yaml: annotator.{key}")
    datasets = list(parts) if caption_set.faces else annotator.datasets
    faces = faces_of(caption_set, captioned_datasets(annotator, datasets), parts)
    truths = _truths(faces)
    simulated = None
    if annotator.base_url == simulation.SIMULATED:
        simulated = simulation.annotator_of(settings, faces, list(truths.values()))
    is_drawn = source == "synthetic" and people == "procedural"  # faces of drawn people are nobody's
    return AnnotationTask(
        faces=faces,
        truths=truths,
        present=report.visible_cues(faces, truths),
        label_aware=annotator.label_aware,
        may_leave=sorted({face.dataset for face in faces}) if is_drawn else annotator.may_leave,
        style=style_of(caption_set, annotator),
        rounds=caption_set.rounds,
        endpoint=endpoint_settings(annotator),
        simulated=simulated,
    )


def tasks(params: SimpleNamespace, caption_sets: Mapping[str, CaptionSet]) -> dict[str, AnnotationTask]:
    """Return the task of each set, by name; faces that several sets are about are read once. Errors as `annotation_task`.

    Args:
        params: the sections `annotator`, `simulated`, `parts`, `archives` and `synthetic` of params.yaml.
        caption_sets: that the annotator writes.
    """
    by_faces: dict[FacesOfPart | None, AnnotationTask] = {}
    for entry in caption_sets.values():
        if entry.faces not in by_faces:
            by_faces[entry.faces] = annotation_task(
                entry, params.annotator, params.simulated, params.parts, params.archives.source, params.synthetic.people
            )
    return {
        name: dataclasses.replace(by_faces[entry.faces], style=style_of(entry, params.annotator), rounds=entry.rounds)
        for name, entry in caption_sets.items()
    }


def style_of(caption_set: CaptionSet, annotator: config.Annotator) -> Style:
    """Return the style in which a set is asked for."""
    return with_own_prompt(caption_set.written_style, annotator.prompt)


def faces_of(caption_set: CaptionSet, datasets: list[str], parts: Mapping[str, people_parts.Shares]) -> list[Face]:
    """Return the faces that a set is about, sorted by face_id.

    Args:
        caption_set: is about a part's people, or else about all train faces of the data sets.
        datasets: whose faces may be captioned; absent ones are named in a notice.
        parts: params.yaml's `parts`.

    Raises:
        AnnotationError: there are none.
        PartError: a part has none, or fewer than the set asks for.
    """
    if caption_set.faces is None:
        return train_faces(datasets)
    _name_absent(datasets)
    return set_faces.of_set(caption_set.faces, {name: parts[name] for name in datasets if name in parts})


def captioned_datasets(annotator: config.Annotator, datasets: list[str]) -> list[str]:
    """Return which of these data sets are captioned: by a real annotator those of jobs.yaml; print which are spared.

    Raises:
        AnnotationError: no protocol trains on any of them.
    """
    if annotator.is_simulated:
        return datasets
    captioned = config.read_jobs().captioned
    spared = [name for name in datasets if name not in captioned]
    if spared:
        print(f"not captioned, because no protocol in {paths.JOBS} trains on it: {', '.join(spared)}", file=sys.stderr)
    if len(spared) == len(datasets):
        raise AnnotationError(f"params.yaml: annotator.datasets: no protocol in {paths.JOBS} trains on any; name its sources")
    return [name for name in datasets if name in captioned]


def present_cues(faces: list[Face]) -> dict[str, list[str]] | None:
    """Return the cues visible in each face's crop, by face_id; None where no truth is known."""
    return report.visible_cues(faces, _truths(faces))


def train_faces(datasets: list[str]) -> list[Face]:
    """Return the official train faces of the data sets that are present, sorted by face_id. Raises `AnnotationError` for none."""
    absent = _name_absent(datasets)
    tables = [table.read(paths.faces(name), Face) for name in datasets if name not in absent]
    faces = [face for rows in tables for face in rows if face.split == "train"]
    if not faces:
        raise AnnotationError(f"no train faces of {', '.join(datasets)} in {paths.FACES}: see annotator.datasets of params.yaml")
    return sorted(faces, key=lambda face: face.face_id)


def _name_absent(datasets: list[str]) -> list[str]:
    """Return the data sets that are not indexed, and name them in a notice."""
    absent = [name for name in datasets if not paths.faces(name).is_file()]
    if absent:
        missing = ", ".join(str(paths.faces(name)) for name in absent)
        print(f"not present, and not captioned: {', '.join(absent)} (no {missing})", file=sys.stderr)
    return absent


def _truths(faces: list[Face]) -> dict[str, Truth]:
    """Return what is known of the data sets of these faces, by face_id; nothing of licensed archives."""
    datasets = sorted({face.dataset for face in faces})
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
