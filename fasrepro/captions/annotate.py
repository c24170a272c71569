"""Faces into captions of one style: what is asked, what is accepted, and a report of all that was not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from fasrepro import cues
from fasrepro.captions import chat, checks, client
from fasrepro.captions.store import Store
from fasrepro.captions.styles import OF_LABEL, Style
from fasrepro.crops import read_png
from fasrepro.records import Caption, Face, Verdict


class AnnotationError(ValueError):
    """A face that cannot be captioned; the message names it and the remedy."""


def request_of(face: Face, crops: Path, style: Style, label_aware: bool) -> chat.ChatRequest:
    """Return the question about one face. Label and species are told if `label_aware`, as in both papers."""
    version, prompt = style.asked(label_aware, face.label, face.species)
    return chat.ChatRequest(
        system=style.system(),
        user=prompt,
        prompt_version=version,
        image=lambda: read_png(crops, face.crop, face.crop_sha256)[0],
        image_sha256=face.crop_sha256,
    )


def annotate(
    faces: list[Face],
    crops: Path,
    style: Style,
    endpoint: chat.Endpoint,
    store: Store,
    label_aware: bool,
    max_failed_share: float = 0.02,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Caption], dict[str, Any]]:
    """Caption each face; return the captions in the order of `faces`, and a report (see `report_of`).

    `label_aware` counts for a style whose annotator may be told.
    A face whose every attempt failed has no caption and stands in the report with its reason. Raises
    `chat.EndpointError` when more than `max_failed_share` (of 1) of the faces fail.
    """
    label_aware = label_aware and style.told
    for face in faces:
        if face.species not in cues.SPECIES:
            raise AnnotationError(f"{face.face_id}: no words for species {face.species!r}; add it to cues.SPECIES")
    by_id = {face.face_id: face for face in faces}
    requests = {face.face_id: request_of(face, crops, style, label_aware) for face in faces}

    def accept(face_id: str, reply: chat.Reply) -> tuple[str, Verdict]:
        told = by_id[face_id].label if label_aware else None
        return checks.accept(style, reply.text, reply.finish_reason, told)

    answers, failures = client.complete(requests, accept, endpoint, store, progress, int(max_failed_share * len(faces)))
    version = style.prompt_version(label_aware)
    captions = [
        Caption(
            face_id=face_id,
            style=style.name,
            text=answer.value[0],
            verdict=answer.value[1],
            prompt_version=version,
            model=endpoint.model,
            label_aware=label_aware,
            attempts=answer.attempts,
            request_key=answer.key,
        )
        for face_id, answer in answers.items()
    ]
    report = report_of(captions, answers, failures, by_id)
    return captions, report | {
        "style": style.name,
        "prompt_version": version,
        "model": endpoint.model,
        "label_aware": label_aware,
    }


def report_of(
    captions: list[Caption],
    answers: dict[str, chat.Answer[Any]],
    failures: dict[str, chat.Failure],
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
        "rejected": chat.codes([*answers.values(), *failures.values()]),
        "mean_words": round(sum(words) / len(words), 2) if words else 0.0,
        "verdict_agreement": round(sum(agreed) / len(agreed), 6) if agreed else None,
    }
