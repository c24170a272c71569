"""Silver captions: what a caption model wrote about faces, accepted by its form and by the label, and a report on it.

Paper 2 keeps of its caption model's texts those whose conclusion is the face's label. So the share of kept captions that agree
with the label is 1 by construction. The report has the shares before that filter.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from fasrepro import hashing, vocabulary
from fasrepro.captions import checks, report
from fasrepro.captions.layouts import clip, only_conclusion
from fasrepro.captions.sets import Acceptance
from fasrepro.captions.styles import OF_LABEL, Style, with_own_prompt
from fasrepro.llm import types
from fasrepro.llm.types import Rejected
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label

CONTRADICTS = "contradicts the label"


class SilverError(ValueError):
    """A caption model that wrote no caption; the message has counts, an example and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """What a caption model wrote about a face, the tokens it took, and whether it ended by itself."""

    face_id: str
    text: str
    tokens: int
    finished: bool


@dataclasses.dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote texts, as captions bear it: the caption model's name, the hash of its weights, and the prompt it was asked."""

    model: str
    sha256: str
    prompt: str


@dataclasses.dataclass(frozen=True, slots=True)
class _Judged:
    """A text as it was judged: its verdict and clean form if it was parsed, and why it is refused; "" if it is not."""

    text: Text
    parsed: bool
    verdict: Verdict
    clean: str
    code: str
    reason: str


def captions_of(
    texts: Sequence[Text],
    faces: Mapping[str, Face],
    style: Style,
    acceptance: Acceptance,
    writer: Writer,
    *,
    present: Mapping[str, Collection[str]] | None = None,
) -> tuple[list[Caption], dict[str, Any]]:
    """Return the texts that are captions, in their order, and a report with the figures of `annotate.annotate`'s.

    The report's "funnel" counts texts, in all and by species: written, finished, parsed, right of those that were parsed (before
    any filter), accepted, and refused by reason. Its "cues" are `cues_named` of the accepted ones.

    Args:
        texts: one a face.
        faces: by face_id.
        style: that the caption model learned.
        acceptance: which texts are captions.
        writer: who wrote them.
        present: the cues visible in each face's crop, by face_id; None where no truth is known.

    Raises:
        SilverError: no text is a caption.
    """
    judged = [_judge(text, faces[text.face_id].label, style, acceptance) for text in texts]
    version = with_own_prompt(style, writer.prompt).prompt_version(label_aware=False)
    answers: dict[str, types.Answer[Any]] = {}
    failures: dict[str, types.Failure] = {}
    captions: list[Caption] = []
    for one in judged:
        face_id = one.text.face_id
        if one.code:
            failures[face_id] = types.Failure(one.reason, (one.code,))
            continue
        key = hashing.sha256_json([writer.sha256, writer.prompt, faces[face_id].crop_sha256])
        answers[face_id] = types.Answer((one.clean, one.verdict), key, 1, (), version)
        captions.append(Caption(face_id, style.name, one.clean, one.verdict, version, writer.model, False, 1, key))
    if not captions:
        raise SilverError(_none_accepted(judged, writer))
    figures = report.summary(captions, answers, failures, faces)
    figures |= report.breakdown(captions, {**answers, **failures}, faces, present)
    return captions, figures | {
        "style": style.name,
        "prompt_version": version,
        "prompt": writer.prompt,
        "model": writer.model,
        "weights": writer.sha256,
        "label_aware": False,
        "accept": dataclasses.asdict(acceptance),
        "funnel": _funnel(judged, faces),
        "cues": cues_named(captions, faces, present),
    }


def _judge(text: Text, label: Label, style: Style, acceptance: Acceptance) -> _Judged:
    """Judge one text. What is read as parsed is accepted by `checks.accept`, whatever the acceptance asks."""
    clean, parsed, problem = text.text.strip(), False, None
    try:
        clean, verdict = checks.accept(style, text.text, "stop" if text.finished else "length", None)
        parsed = True
    except Rejected as rejected:
        verdict, problem = _stated(style, text.text), rejected
    if problem is not None and (acceptance.form or not clean):
        return _Judged(text, parsed, verdict, clean, problem.code, str(problem))
    if acceptance.label and verdict != OF_LABEL[label]:
        reason = f"{CONTRADICTS}: a face that is {label.name.lower()}, and the text says {verdict.value}"
        return _Judged(text, parsed, verdict, clean, CONTRADICTS, reason)
    return _Judged(text, parsed, verdict, clean, "", "")


def _stated(style: Style, text: str) -> Verdict:
    """Return the verdict of a text that lacks the style's form: that of its one Conclusion, or undecided."""
    word = only_conclusion(text)
    return next((verdict for verdict, said in style.form.verdicts.items() if said == word), Verdict.UNDECIDED)


def _none_accepted(judged: Sequence[_Judged], writer: Writer) -> str:
    counts = Counter(one.code for one in judged)
    reasons = ", ".join(f"{count} {code}" for code, count in counts.most_common())
    first = judged[0]
    return (
        f"caption model {writer.model}: none of its {len(judged)} texts is accepted ({reasons}). Of {first.text.face_id} it wrote"
        f" {clip(first.text.text, 200)!r}: {first.reason}. Nothing was written; train it on more captions, or give another one in"
        " `captioner`"
    )


def _funnel(judged: Sequence[_Judged], faces: Mapping[str, Face]) -> dict[str, Any]:
    """Return `_stages` of all texts, and of each species under "species"."""
    by_species: dict[str, list[_Judged]] = {}
    for one in judged:
        by_species.setdefault(faces[one.text.face_id].species, []).append(one)
    return {**_stages(judged, faces), "species": {name: _stages(group, faces) for name, group in by_species.items()}}


def _stages(judged: Sequence[_Judged], faces: Mapping[str, Face]) -> dict[str, Any]:
    """Count texts at each stage, and the refused ones by reason."""
    parsed = [one for one in judged if one.parsed]
    return {
        "written": len(judged),
        "finished": sum(one.text.finished for one in judged),
        "parsed": len(parsed),
        "right": sum(one.verdict == OF_LABEL[faces[one.text.face_id].label] for one in parsed),
        "accepted": sum(not one.code for one in judged),
        "refused": dict(sorted(Counter(one.code for one in judged if one.code).items())),
    }


def cues_named(
    captions: Sequence[Caption], faces: Mapping[str, Face], present: Mapping[str, Collection[str]] | None
) -> dict[str, Any] | None:
    """Return how the cues that captions name fit their images, in all and by species; None where no truth is known.

    Of all cues of a group: "right" are named and present, "invented" named and absent, "missed" present and not named.
    "precision" is right / named and "recall" right / present, None where that is 0 / 0.
    """
    if present is None:
        return None
    by_species: dict[str, list[Caption]] = {}
    for caption in captions:
        by_species.setdefault(faces[caption.face_id].species, []).append(caption)
    return {
        **_cue_counts(captions, present),
        "species": {species: _cue_counts(group, present) for species, group in by_species.items()},
    }


def _cue_counts(captions: Sequence[Caption], present: Mapping[str, Collection[str]]) -> dict[str, Any]:
    right = invented = missed = 0
    for caption in captions:
        named, visible = set(vocabulary.named_cues(caption.text)), set(present[caption.face_id])
        right += len(named & visible)
        invented += len(named - visible)
        missed += len(visible - named)
    return {
        "right": right,
        "invented": invented,
        "missed": missed,
        "precision": _ratio(right, right + invented),
        "recall": _ratio(right, right + missed),
    }


def _ratio(part: int, whole: int) -> float | None:
    return round(part / whole, 6) if whole else None
