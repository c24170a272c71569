"""Pictures of faces for the book: contact sheets, and an example of each cue. The choice of faces is a pure function of ids."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path

from matplotlib.patches import Rectangle

from fasrepro import cues, provenance
from fasrepro.crops import read_crop
from fasrepro.records import BONA_FIDE_SPECIES, DATASETS, Face, Truth
from fasrepro.report import figures

ACROSS = 6  # columns of a contact sheet, so that their titles can be read


def chosen(faces: Sequence[Face], count: int, salt: str) -> list[Face]:
    """Return up to `count` faces, of different subjects where there are enough, by a hash that `salt` varies."""
    ranked = sorted(faces, key=lambda face: provenance.unit_hash(salt, face.face_id))
    firsts = list({face.subject: face for face in reversed(ranked)}.values())[::-1]
    rest = [face for face in ranked if face not in firsts]
    return (firsts + rest)[:count]


def contact_sheet(faces: Sequence[Face], crops: Path, path: Path, examples: int = 3) -> list[str]:
    """Draw a data set's kinds of presentation, a column each (live, then each species and instrument), `examples` faces deep.

    More kinds than `ACROSS` are drawn in bands one below the other, two faces deep.
    Returns what the columns show, for the picture's alternative text.
    """
    kinds: dict[tuple[bool, str, str], list[Face]] = {}
    for face in faces:
        kinds.setdefault((face.species != BONA_FIDE_SPECIES, face.species, face.instrument), []).append(face)
    order = sorted(kinds)
    bands = -(-len(order) // ACROSS)
    deep = examples if bands == 1 else min(examples, 2)
    figure, axes = figures.grid(bands * deep, min(len(order), ACROSS), 1.3)
    with figures.saved(path, figure):
        for panel in axes.flat:
            _blank(panel)
        for place, kind in enumerate(order):
            top, column = place // ACROSS * deep, place % ACROSS
            for row, face in enumerate(chosen(kinds[kind], deep, "contact sheet")):
                axes[top + row][column].imshow(read_crop(crops, face.crop, face.crop_sha256), interpolation="nearest")
            axes[top][column].set_title(_words(kind), fontsize=7)
    return [_words(kind).replace("\n", ", ") for kind in order]


def _words(kind: tuple[bool, str, str]) -> str:
    attack, species, instrument = kind
    return f"{species.replace('_', ' ')}\n{instrument}" if attack else "bona fide"


def _blank(axes: figures.Axes) -> None:
    axes.set_xticks([])
    axes.set_yticks([])
    axes.grid(visible=False)
    for spine in axes.spines.values():
        spine.set_visible(False)


@dataclasses.dataclass(frozen=True)
class CueExample:
    """A face that shows a cue, and the cue's boxes in pixels of the crop (x, y, width, height), clipped to it."""

    face: Face
    strength: float
    boxes: tuple[tuple[float, float, float, float], ...]  # those that lie in the crop


def cue_example(cue: str, faces: Mapping[str, Face], truths: Mapping[str, Truth]) -> CueExample | None:
    """Return the face that shows `cue` best: strength times the share of the crop that it covers; None if none does."""
    best: tuple[float, str, CueExample] | None = None
    for face_id, truth in truths.items():
        if cue not in truth.cues or face_id not in faces:
            continue
        place, face = truth.cues.index(cue), faces[face_id]
        clipped = [_within(box, face.box) for box in cues.boxes(truth.regions[place])]
        boxes = tuple(box for box in clipped if box[2] * box[3] > 0)
        weight = truth.strengths[place] * sum(box[2] * box[3] for box in boxes) / (face.box[2] * face.box[3])
        candidate = (weight, face_id, CueExample(face, truth.strengths[place], boxes))
        if weight > 0 and (best is None or candidate[:2] > best[:2]):
            best = candidate
    return None if best is None else best[2]


def _within(region: tuple[float, ...], box: tuple[int, ...]) -> tuple[float, float, float, float]:
    left, top = max(region[0] - box[0], 0.0), max(region[1] - box[1], 0.0)
    right, bottom = min(region[0] + region[2] - box[0], box[2]), min(region[1] + region[3] - box[1], box[3])
    return left, top, max(right - left, 0.0), max(bottom - top, 0.0)


def cue_sheet(faces: Mapping[str, Face], truths: Mapping[str, Truth], crops: Path, path: Path) -> list[str]:
    """Draw an example of each cue with its boxes outlined; returns the names of the cues drawn (those that a face shows)."""
    examples = {cue: found for cue in cues.CUES if (found := cue_example(cue, faces, truths)) is not None}
    columns = 3
    figure, axes = figures.grid(max(-(-len(examples) // columns), 1), columns, 2.5)
    with figures.saved(path, figure):
        for panel in axes.flat:
            _blank(panel)
        for panel, (cue, example) in zip(axes.flat, examples.items(), strict=False):
            panel.imshow(read_crop(crops, example.face.crop, example.face.crop_sha256), interpolation="nearest")
            for x, y, width, height in example.boxes:
                for colour, style in (("white", "-"), ("black", "--")):
                    panel.add_patch(Rectangle((x - 0.5, y - 0.5), width, height, fill=False, edgecolor=colour, linestyle=style))
            panel.set_title(
                f"{cue.replace('_', ' ')}\n{DATASETS[example.face.dataset]}, {example.face.species.replace('_', ' ')}", fontsize=8
            )
    return list(examples)
