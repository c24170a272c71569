"""Captions of one style by a language model: the request about each face, the judgement of its replies, and a report."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from fasrepro import vocabulary
from fasrepro.captions import checks, report
from fasrepro.captions.review import Edits
from fasrepro.captions.styles import Style
from fasrepro.crops import read_png
from fasrepro.llm import live, png, types
from fasrepro.llm.store import Store
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face

MAX_FAILED = 0.02  # share of the faces that may fail other than by refusals

Requests: TypeAlias = dict[str, types.ChatRequest]
Accept: TypeAlias = Callable[[str, types.Reply], tuple[str, Verdict]]


class AnnotationError(ValueError):
    """A face that cannot be captioned; the message names it and the remedy."""


def requests_for(
    faces: Collection[Face], crops: Path, style: Style, label_aware: bool, rounds: int = 0
) -> tuple[Requests, Accept]:
    """Return the request about each face, by face_id, and the function that judges a reply to it.

    In rounds, as FaceCoT's gold was made, a reply without the label's conclusion is not asked for again: the face goes on to the
    next round, whose prompt is the next of the style's, and after the last round to people.

    Args:
        faces: to be captioned.
        crops: the folder of their crops.
        style: of the captions.
        label_aware: whether the prompt states label and species, as in both papers; the style may forbid it.
        rounds: how many rounds there are; 0 to ask each prompt until a reply is a caption.

    Raises:
        AnnotationError: a species has no words, or the style has no verdict and the model was trained on one prompt.
    """
    label_aware = label_aware and style.may_know_label
    if style.own_prompt and not style.concludes:
        raise AnnotationError(f"annotator.prompt: a model that was trained on one prompt has no captions of style {style.name!r}")
    by_id = {face.face_id: face for face in faces}
    prompts = functools.cache(lambda label, species: style.prompts(label_aware, label, species))
    # A model that was trained on one prompt writes as it was trained to, and would not follow a schema.
    schema = None if style.own_prompt else style.form.schema()

    def request_for(face: Face) -> types.ChatRequest:
        def image() -> bytes:
            return png.without_metadata(read_png(crops, face.crop, face.crop_sha256)[0])

        def request(version: str, prompt: str, fallbacks: tuple[types.ChatRequest, ...] = ()) -> types.ChatRequest:
            return types.ChatRequest(style.system(), prompt, version, image, face.crop_sha256, schema, fallbacks, rounds > 0)

        if face.species not in vocabulary.SPECIES:
            raise AnnotationError(f"{face.face_id}: no words for species {face.species!r}; add it to vocabulary.SPECIES")
        first, *reframed = prompts(face.label, face.species)[: rounds or None]
        return request(*first, tuple(request(*prompt) for prompt in reframed))

    def accept(face_id: str, reply: types.Reply) -> tuple[str, Verdict]:
        compared = label_aware or rounds > 0
        return checks.accept(style, reply.text, reply.finish_reason, by_id[face_id].label if compared else None)

    return {face_id: request_for(face) for face_id, face in by_id.items()}, accept


def check_licences(faces: Collection[Face], endpoint: types.Endpoint, may_leave: Collection[str]) -> str:
    """Return a line that says which faces are sent where.

    Raises:
        AnnotationError: faces of a data set outside `may_leave` would be sent to another machine.
    """
    datasets = sorted({face.dataset for face in faces})
    bound = [name for name in datasets if name not in may_leave]
    host = types.shown_host(endpoint.base_url)
    if bound and not types.is_local(endpoint.base_url):
        raise AnnotationError(
            f"faces of {', '.join(bound)} may not be sent to {host}: if the licence that you signed allows it, name the data set"
            " in annotator.may_leave of params.yaml; else use a server on this machine"
        )
    return f"{len(faces)} faces of {', '.join(datasets)} -> {host}, model {endpoint.model}"


def annotate(
    faces: list[Face],
    crops: Path,
    style: Style,
    endpoint: types.Endpoint,
    store: Store,
    label_aware: bool,
    *,
    edits: Mapping[str, Caption] | None = None,
    present: Mapping[str, Collection[str]] | None = None,
    progress: Callable[[types.Progress], None] | None = None,
    max_failed_share: float = MAX_FAILED,
    rounds: int = 0,
    mend: Callable[[Mapping[str, types.Failure]], Edits] | None = None,
) -> tuple[list[Caption], dict[str, Any]]:
    """Caption each face.

    Args:
        faces: to be captioned.
        crops: the folder of their crops.
        style: of the captions.
        endpoint: what writes them.
        store: keeps its replies.
        label_aware: whether the prompt states the label; the style may forbid it.
        edits: people's captions by face_id; the model is not asked about these faces.
        present: the cues visible in each face's crop, by face_id, for the report; None where no truth is known.
        progress: called after each face.
        max_failed_share: of the faces, in [0, 1], that may fail other than by refusals.
        rounds: how many rounds there are, see `requests_for`; the report then counts captions by round.
        mend: returns what is decided about the faces that failed, given their failures; None: nothing.

    Returns:
        The captions in the order of `faces`, and a report (see `report.summary` and `report.breakdown`). A face whose every
        attempt failed, and about which nothing is decided, has no caption, and the report names the reason.

    Raises:
        EndpointError: more than `max_failed_share` of the faces fail, or no reply at all is a caption.
    """
    label_aware = label_aware and style.may_know_label
    edits = edits or {}
    by_id = {face.face_id: face for face in faces}
    asked = [face for face in faces if face.face_id not in edits]
    requests, accept = requests_for(asked, crops, style, label_aware, rounds)
    max_failures = int(max_failed_share * len(faces))
    answers, failures = live.complete(requests, accept, endpoint, store, progress, max_failures)
    if failures and not answers and not edits:
        reason = next(iter(failures.values())).reason
        raise types.EndpointError(
            f"model {endpoint.model!r}: no reply about any of {len(faces)} faces is a caption ({reason}); `fasrepro annotate"
            " --to-people` hands them to people"
        )
    by_model = {face_id: _caption(face_id, style, answer, endpoint.model, label_aware) for face_id, answer in answers.items()}
    mended = mend(failures) if mend else Edits({}, [])
    decided = {*mended.captions, *mended.dropped}
    written = by_model | mended.captions | dict(edits)
    captions = [written[face.face_id] for face in faces if face.face_id in written]
    figures = report.summary(captions, answers, failures, by_id)
    figures["failed"] = {face_id: why for face_id, why in figures["failed"].items() if face_id not in decided}
    if mended.dropped:
        figures["dropped"] = sorted(mended.dropped)
    if rounds:
        agreed = sum(answer.prompt_version == requests[face_id].prompt_version for face_id, answer in answers.items())
        figures["rounds"] = {"first": agreed, "later": len(answers) - agreed}
    figures |= report.breakdown(captions, {**answers, **failures}, by_id, present)
    return captions, figures | {
        "style": style.name,
        "prompt_version": style.prompt_version(label_aware),
        "model": endpoint.model,
        "label_aware": label_aware,
    }


def _caption(face_id: str, style: Style, answer: types.Answer[tuple[str, Verdict]], model: str, label_aware: bool) -> Caption:
    text, verdict = answer.value
    return Caption(
        face_id=face_id,
        style=style.name,
        text=text,
        verdict=verdict,
        prompt_version=answer.prompt_version,
        model=model,
        label_aware=label_aware,
        attempts=answer.attempts,
        request_key=answer.key,
    )
