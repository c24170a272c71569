"""Faces into captions of one style: what is asked, what is accepted, and a report of all that was not."""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from typing import Any, TypeAlias

from fasrepro import vocabulary
from fasrepro.captions import checks, review
from fasrepro.captions.report import breakdown
from fasrepro.captions.styles import OF_LABEL, Style
from fasrepro.crops import read_png
from fasrepro.llm import client, png, types
from fasrepro.llm.store import Store
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face


class AnnotationError(ValueError):
    """A face that cannot be captioned; the message names it and the remedy."""


Asked: TypeAlias = dict[str, types.ChatRequest]
Accept: TypeAlias = Callable[[str, types.Reply], tuple[str, Verdict]]


def questions(faces: list[Face], crops: Path, style: Style, label_aware: bool) -> tuple[Asked, Accept]:
    """Return the question about each face, by its id, and what makes a reply a caption.

    Label and species are told if `label_aware`, as in both papers, and if the style's annotator may be told. Raises
    `AnnotationError` for a species without words.
    """
    label_aware = label_aware and style.told
    asked = functools.cache(lambda label, species: style.asked(label_aware, label, species))
    # A model that was trained on one prompt writes as it was trained to, and would not hold to a schema.
    schema = None if style.own else style.schema()
    system, by_id = style.system(), {face.face_id: face for face in faces}

    def request_of(face: Face) -> types.ChatRequest:
        def image() -> bytes:
            return png.bare(read_png(crops, face.crop, face.crop_sha256)[0])

        def question(version: str, prompt: str, instead: tuple[types.ChatRequest, ...] = ()) -> types.ChatRequest:
            return types.ChatRequest(system, prompt, version, image, face.crop_sha256, schema, instead)

        if style.own and not style.concludes:
            raise AnnotationError(
                f"annotator.prompt: a model that was trained on one prompt has no captions of style {style.name!r}"
            )
        if face.species not in vocabulary.SPECIES:
            raise AnnotationError(f"{face.face_id}: no words for species {face.species!r}; add it to cues.SPECIES")
        first, *others = asked(face.label, face.species)
        return question(*first, tuple(question(*other) for other in others))

    def accept(face_id: str, reply: types.Reply) -> tuple[str, Verdict]:
        return checks.accept(style, reply.text, reply.finish_reason, by_id[face_id].label if label_aware else None)

    return {face.face_id: request_of(face) for face in faces}, accept


def may_go(faces: list[Face], endpoint: types.Endpoint, may_leave: Collection[str]) -> str:
    """Return a line that says which faces go where. Raises `AnnotationError` for a data set that may not leave this machine."""
    names = sorted({face.dataset for face in faces})
    kept = [name for name in names if name not in may_leave]
    if kept and not types.is_local(endpoint.base_url):
        raise AnnotationError(
            f"faces of {', '.join(kept)} may not be sent to {types.shown_host(endpoint.base_url)}: if the licence that you signed"
            " allows it, name the data set in annotator.may_leave of params.yaml; else use a server on this machine"
        )
    return f"{len(faces)} faces of {', '.join(names)} -> {types.shown_host(endpoint.base_url)}, model {endpoint.model}"


def people(style: Style) -> str:
    """Return the command that writes what no prompt got a caption for, so that people may."""
    return f"fasrepro annotate --style {style.name} --to-people faces.jsonl"


def annotate(
    faces: list[Face],
    crops: Path,
    style: Style,
    endpoint: types.Endpoint,
    store: Store,
    label_aware: bool,
    present: Mapping[str, Collection[str]] | None = None,
    progress: Callable[[types.Progress], None] | None = None,
    max_failed_share: float = 0.02,
) -> tuple[list[Caption], dict[str, Any]]:
    """Caption each face; return the captions in the order of `faces`, and a report (see `report_of`, `reporting.breakdown`).

    `label_aware` counts for a style whose annotator may be told; `present`, the cues seen in each face's crop by its id, for the
    report alone.
    A face whose every attempt failed has no caption and stands in the report with its reason. Raises
    `chat.EndpointError` when more than `max_failed_share` (of 1) of the faces fail for another reason than that the model
    declines, and when no reply at all is a caption.
    """
    label_aware = label_aware and style.told
    by_id = {face.face_id: face for face in faces}
    edited = review.captions(faces, style, store, label_aware)
    requests, accept = questions([face for face in faces if face.face_id not in edited], crops, style, label_aware)
    allowed = int(max_failed_share * len(faces))
    answers, failures = client.complete(requests, accept, endpoint, store, progress, allowed)
    if failures and not answers and not edited:
        reason = next(iter(failures.values())).reason
        raise types.EndpointError(
            f"model {endpoint.model!r}: no reply about any of {len(faces)} faces is a caption ({reason}); `{people(style)}`"
            " hands them to people"
        )
    written = {
        face_id: Caption(
            face_id=face_id,
            style=style.name,
            text=answer.value[0],
            verdict=answer.value[1],
            prompt_version=answer.prompt_version,
            model=endpoint.model,
            label_aware=label_aware,
            attempts=answer.attempts,
            request_key=answer.key,
        )
        for face_id, answer in answers.items()
    }
    captions = [(edited | written)[face.face_id] for face in faces if face.face_id in edited or face.face_id in written]
    report = report_of(captions, answers, failures, by_id)
    report |= breakdown(captions, {**answers, **failures}, by_id, present)
    return captions, report | {
        "style": style.name,
        "prompt_version": style.prompt_version(label_aware),
        "model": endpoint.model,
        "label_aware": label_aware,
    }


def report_of(
    captions: list[Caption],
    answers: dict[str, types.Answer[Any]],
    failures: dict[str, types.Failure],
    faces: dict[str, Face],
) -> dict[str, Any]:
    """Count what happened: captions, attempts they took, why attempts were rejected, mean words, agreement with the label.

    "verdict_agreement" is the share of captions whose verdict is the face's label: 1 by construction where the annotator
    was told it, None where the style has no verdict. "failed" gives each face without a caption and its last reason.
    """
    attempts: dict[str, int] = {}
    for caption in captions:
        attempts[str(caption.attempts)] = attempts.get(str(caption.attempts), 0) + 1
    words = [len(caption.text.split()) for caption in captions]
    decided = [caption for caption in captions if caption.verdict != Verdict.UNDECIDED]
    agreed = [caption.verdict == OF_LABEL[faces[caption.face_id].label] for caption in decided]
    return {
        "faces": len(faces),
        "captions": len(captions),
        "failed": {face_id: failure.reason for face_id, failure in failures.items()},
        "attempts": attempts,
        "rejected": types.codes([*answers.values(), *failures.values()]),
        "mean_words": round(sum(words) / len(words), 2) if words else 0.0,
        "verdict_agreement": round(sum(agreed) / len(agreed), 6) if agreed else None,
    }
