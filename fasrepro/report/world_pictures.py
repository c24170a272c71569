"""The pictures of the page on the synthetic world: species, cues, cameras and look-alikes, and pairs without and with a cue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from fasrepro.datasets import TITLES
from fasrepro.regions import visible
from fasrepro.report import fragments, gallery
from fasrepro.report.pictures import Cell, Row, cell, chosen, sheet, spread
from fasrepro.report.world import UNKNOWN, Known, title
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES, FAMILIES, SPECIES, STEPS

ACROSS = 8  # faces in a row
WIDE = 6  # of those in which something small counts
LABELS = 1.5  # room for labels beside them, in widths of a face
# Figures of cues, by the families of species that they belong to.
PLATES: dict[str, tuple[str, ...]] = {
    "prints": ("print",),
    "screens": ("replay",),
    "masks": ("mask",),
    "makeup and partial covers": ("makeup", "partial"),
}
FADED = 0.25  # how much of a picture is left outside a mask
DASH = 12  # pixels of an outline in one colour
ZOOM = 3  # of a picture, so that an outline is thin


def family(cue: str) -> str:
    """Return the family in `cues.FAMILIES` that most of a cue's species belong to, the first of them on a tie."""
    return max(FAMILIES, key=lambda name: len(set(FAMILIES[name]) & set(CUES[cue].species)))


def plates() -> dict[str, list[str]]:
    """Return the cues of each figure."""
    return {name: [cue for cue in CUES if family(cue) in families] for name, families in PLATES.items()}


def laid_over(picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return `picture` (uint8 RGB), larger, with all outside `mask` faded to grey and a dashed line around the rest."""
    large, inside = (np.repeat(np.repeat(part, ZOOM, axis=0), ZOOM, axis=1) for part in (picture, mask.astype(bool)))
    grey = FADED * large.mean(axis=2, keepdims=True) + (1 - FADED) * 215
    drawn = np.where(inside[..., None], large, grey)
    kept = np.pad(inside, ZOOM)  # the picture's border counts as outside
    core = np.ones_like(inside)
    for down in range(-ZOOM, ZOOM + 1):
        for across in range(-ZOOM, ZOOM + 1):
            core &= kept[ZOOM + down : ZOOM + down + inside.shape[0], ZOOM + across : ZOOM + across + inside.shape[1]]
    rows, columns = np.indices(inside.shape)
    drawn[inside & ~core] = 0
    drawn[inside & ~core & ((rows // DASH + columns // DASH) % 2 == 0)] = 255
    return drawn.round().astype(np.uint8)


def pairs(known: Known, folder: Path) -> str:
    """Draw each cue's pair, a figure a plate, and return the fragment with all of them."""
    parts = []
    for number, (plate, names) in enumerate(plates().items()):
        rows = []
        for cue in (name for name in names if name in known.pairs):
            without, present, mask = known.pairs[cue]
            pictures = (without, present, laid_over(present, mask))
            titles = ("without", "with", "where it is") if not rows else ("", "", "")
            found = CUES[cue]
            said = f"{STEPS[found.step]}\n“{found.phrasings[0]}”\ngoes with {', '.join(map(title, found.species))}"
            rows.append(Row([Cell(p, t) for p, t in zip(pictures, titles, strict=True)], title(cue), said))
        if rows:
            name = f"world_pairs_{number}"
            sheet(folder / f"figures/{name}.png", rows, 3, 1.75, 1.0)
            caption = (
                f"Cues of {plate}: the same frame without and with the cue, through the same camera. In the third picture all"
                " that the cue leaves as it was is faded, and a dashed line is around the rest."
            )
            parts.append(fragments.figure(name, caption, f"Pairs without and with {'; '.join(row.label for row in rows)}"))
    return "\n".join(parts)


def species(faces: Sequence[Face], crops: Path, folder: Path) -> str:
    """Draw a row of faces a species and return the fragment that shows it."""
    rows = []
    for name in SPECIES:
        found = spread([face for face in faces if face.species == name], ACROSS, "species")
        if found:
            rows.append(Row([cell(face, crops) for face in found], title(name)))
    sheet(folder / "figures/world_species.png", rows, ACROSS, LABELS)
    caption = "A row for each PAI species, bona fide faces first; of several data sets and subjects where there are."
    return fragments.figure("world_species", caption, f"Faces of {'; '.join(row.label for row in rows)}")


def cue_faces(cue: str, faces: Mapping[str, Face], truths: Mapping[str, Truth]) -> tuple[list[tuple[Face, float]], bool]:
    """Return faces whose crop shows a cue with their strengths, and whether it is the strongest cue of each.

    Where it is the strongest of no face, those of them that show it at all.
    """
    found: dict[bool, list[tuple[Face, float]]] = {True: [], False: []}
    for face_id, truth in truths.items():
        if cue not in truth.cues or face_id not in faces:
            continue
        if cue not in visible(faces[face_id].box, truth.cues, truth.regions):
            continue
        strength = truth.strengths[truth.cues.index(cue)]
        found[strength == max(truth.strengths)].append((faces[face_id], strength))
    return (found[True], True) if found[True] else (found[False], False)


def cues(faces: Mapping[str, Face], truths: Mapping[str, Truth], crops: Path, folder: Path) -> str:
    """Draw a row of the index's faces a cue, and return the fragment that shows them, in two figures."""
    order, parts = list(plates().values()), []
    for number, names in enumerate(([*order[0], *order[1]], [*order[2], *order[3]])):
        rows, missing = [], []
        for cue in names:
            found, strongest = cue_faces(cue, faces, truths)
            if not found:
                missing.append(title(cue))
                continue
            strengths = {face.face_id: strength for face, strength in found}
            picked = sorted(spread([face for face, _ in found], ACROSS, "cues"), key=lambda face: -strengths[face.face_id])
            cells = [cell(face, crops, f"{strengths[face.face_id]:.2f}{'' if strongest else '*'}") for face in picked]
            rows.append(Row(cells, title(cue)))
        if rows:
            name = f"world_cues_{number}"
            sheet(folder / f"figures/{name}.png", rows, ACROSS, LABELS)
            caption = (
                "Faces of the index in which a cue is the strongest of those present, with its strength, the strongest first."
                " A star: no face has it as its strongest; these have it beside a stronger one."
            )
            parts.append(fragments.figure(name, caption, f"Faces with {'; '.join(row.label for row in rows)}"))
        if missing:
            parts.append(f"In no face of the index: {', '.join(missing)}.\n")
    return "\n".join(parts)


def cameras(known: Known, faces: Sequence[Face], crops: Path, folder: Path) -> str:
    """Draw bona fide faces, a row a data set, and return the fragment that shows them."""
    rows = []
    for dataset, name in TITLES.items():
        live = {face.subject: face for face in faces if face.dataset == dataset and face.species == BONA_FIDE_SPECIES}
        if live:
            picked = chosen(list(live.values()), ACROSS, "cameras")
            camera = known.tables["studios"][dataset]["camera"] if known.tables else ""
            rows.append(Row([cell(face, crops) for face in picked], name, f"camera: {title(camera)}"))
    sheet(folder / "figures/world_cameras.png", rows, ACROSS, LABELS)
    caption = "Bona fide faces of different subjects, a row for each data set and its camera."
    return fragments.figure("world_cameras", caption, f"Bona fide faces of {'; '.join(row.label for row in rows)}")


def look_alikes(faces: Mapping[str, Face], truths: Mapping[str, Truth], crops: Path, folder: Path) -> str:
    """Draw a bona fide face for each look-alike, and return the fragment that shows them."""
    live = {key: face for key, face in faces.items() if face.species == BONA_FIDE_SPECIES and key in truths}
    cells = []
    for cue in CUES:
        with_it = [face for key, face in live.items() if cue in truths[key].look_alikes]
        alone = [face for face in with_it if len(truths[face.face_id].look_alikes) == 1]
        cells += [cell(face, crops, title(cue)) for face in chosen(alone or with_it, 1, "look-alikes")]
    if not cells:
        return "No bona fide face of the index has a look-alike.\n"
    rows = [Row(cells[start : start + WIDE]) for start in range(0, len(cells), WIDE)]
    sheet(folder / "figures/world_look_alikes.png", rows, WIDE)
    caption = "Bona fide faces, each with something harmless in it or behind it that looks like the cue above it."
    return fragments.figure("world_look_alikes", caption, f"Look-alikes of {'; '.join(c.title for c in cells)}")


def fragments_of(
    known: Known, faces: Mapping[str, Face], truths: Mapping[str, Truth], crops: Path, folder: Path, show: bool
) -> dict[str, str]:
    """Draw all pictures of the page into `folder`/figures, and return the fragments by name; none where `show` is False."""
    rows, hidden = list(faces.values()), f"{gallery.HIDDEN}\n"
    return {
        "world_species": species(rows, crops, folder) if show else hidden,
        "world_camera_faces": cameras(known, rows, crops, folder) if show else hidden,
        "world_pairs": UNKNOWN if not known.pairs else pairs(known, folder) if show else hidden,
        "world_cues": UNKNOWN if not truths else cues(faces, truths, crops, folder) if show else hidden,
        "world_look_alike_faces": UNKNOWN if not truths else look_alikes(faces, truths, crops, folder) if show else hidden,
    }
