"""The one file that a training job depends on: its faces, each with its caption in the mix that the run asks for."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

from fasrepro.hashing import unit_hash
from fasrepro.rows.captions import Caption
from fasrepro.rows.faces import Face
from fasrepro.rows.training import TrainRow


class TrainsetError(ValueError):
    """A mix of captions that cannot be made; the message names the style, the faces and the remedy."""


def mix_name(captions: Mapping[str, float]) -> str:
    """Name a mix: `labels`, `vanilla`, `reasoning50-vanilla50`. Runs of one protocol and mix share a trainset."""
    if not captions:
        return "labels"
    if captions == dict.fromkeys(captions, 1.0):
        return next(iter(captions))
    # DVC takes a dot for a path.
    return "-".join(f"{style}{100 * share:g}".replace(".", "p") for style, share in sorted(captions.items()))


def parse_shares(words: list[str]) -> dict[str, float]:
    """Parse `style=share` words, as jobs.yaml holds them. Raises `TrainsetError`."""
    shares = {}
    for word in words:
        style, _, share = word.partition("=")
        try:
            shares[style] = float(share)
        except ValueError:
            raise TrainsetError(f"captions {word!r}: expected style=share, as in vanilla=0.5") from None
    return shares


def check_shares(captions: Mapping[str, float]) -> None:
    """Raise `TrainsetError` unless a mix is empty or its shares are positive and add up to 1."""
    if captions and (any(share <= 0 for share in captions.values()) or abs(sum(captions.values()) - 1) > 1e-9):
        raise TrainsetError(f"captions {dict(captions)}: shares must be positive and add up to 1")


def assign_styles(faces: list[Face], captions: Mapping[str, float]) -> dict[str, str]:
    """Return the style of each face_id.

    The faces of each data set and species, in an order drawn by hash, are dealt out so that every stratum keeps the shares to
    within one face. A face's place depends on its id alone: the same in every run with the same mix. Raises `TrainsetError`
    if shares do not add up to 1.
    """
    if not captions:
        return {face.face_id: "" for face in faces}
    check_shares(captions)
    styles: dict[str, str] = {}
    by_stratum = sorted(faces, key=lambda face: (face.dataset, face.species))
    for stratum, members in itertools.groupby(by_stratum, key=lambda face: (face.dataset, face.species)):
        ordered = sorted(members, key=lambda face: unit_hash("style", face.face_id))
        start = unit_hash("stratum", *stratum)  # else every small stratum would give its odd face to the same style
        for place, face in enumerate(ordered):
            position = ((place + start) / len(ordered)) % 1.0
            bounds = itertools.accumulate(captions[style] for style in sorted(captions))
            chosen = (style for style, bound in zip(sorted(captions), bounds, strict=True) if position < bound - 1e-12)
            styles[face.face_id] = next(chosen, max(captions))  # rounding can leave the last bound below 1
    return styles


def captioned(faces: list[Face], texts: Mapping[str, list[Caption]]) -> tuple[list[Face], list[str]]:
    """Return the faces that have a caption in every style of `texts`, and the ids of the others.

    A face that an annotator refuses in one style is in no run's training set, whatever its captions: runs are compared on the
    same images. results/captions_report names it with the last reason.
    """
    known = [{caption.face_id for caption in rows} for rows in texts.values()]
    complete = [face for face in faces if all(face.face_id in ids for ids in known)]
    kept = {face.face_id for face in complete}
    return complete, [face.face_id for face in faces if face.face_id not in kept]


def build(faces: list[Face], captions: Mapping[str, float], texts: Mapping[str, list[Caption]]) -> list[TrainRow]:
    """Return a training row for each face of `captioned`, with its caption in the style it was dealt.

    `texts` holds the captions of every style that is annotated. Raises `TrainsetError` for a style that is not, and where no
    face of a data set is left.
    """
    lacking = [style for style in captions if style not in texts]
    if lacking:
        raise TrainsetError(f"no captions of style {lacking[0]!r}: add it to styles in params.yaml")
    asked = {face.dataset for face in faces}
    faces, _ = captioned(faces, texts)
    if bare := sorted(asked - {face.dataset for face in faces}):
        raise TrainsetError(
            f"{', '.join(bare)}: no face has a caption in every style; is the data set in annotator.datasets of params.yaml?"
            " results/captions_report names what failed"
        )
    known = {style: {caption.face_id: caption.text for caption in rows} for style, rows in texts.items()}
    styles = assign_styles(faces, captions)
    return [
        TrainRow(
            face_id=face.face_id,
            dataset=face.dataset,
            species=face.species,
            label=face.label,
            crop=face.crop,
            crop_sha256=face.crop_sha256,
            style=styles[face.face_id],
            caption=known[styles[face.face_id]][face.face_id] if styles[face.face_id] else "",
        )
        for face in faces
    ]
