"""The pictures of the page on the synthetic world: species, cues, cameras and look-alikes, and pairs without and with a cue."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from fasrepro.datasets import TITLES
from fasrepro.regions import visible
from fasrepro.report.contact_sheets import Cell, Row, crop_cell, draw_sheet, sample, sample_across_datasets
from fasrepro.report.material import Material
from fasrepro.report.tables import words
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES, FAMILIES, SPECIES, STEPS

UNKNOWN = "Of licensed archives this is not known.\n"
ACROSS = 8  # faces in a row
ACROSS_WIDE = 6  # faces in a row in which small details matter
LABELS = 1.5  # room for labels beside them, in widths of a face
# Figures of cues, by the families of species that they belong to.
PLATES: dict[str, tuple[str, ...]] = {
    "prints": ("print",),
    "screens": ("replay",),
    "masks": ("mask",),
    "makeup and partial covers": ("makeup", "partial"),
}
FADED = 0.25  # how much of a picture remains outside a region
DASH = 12  # pixels of an outline in one colour
ZOOM = 3  # of a picture, so that an outline is thin


def render(material: Material) -> dict[str, str]:
    """Draw all pictures of the page, and return their fragments; a notice instead of faces that may not be printed."""
    faces, truths = material.faces.values(), material.truths
    sentence = material.printing.why_omitted(faces)
    omitted = f"{sentence}\n" if sentence else ""
    show = bool(material.printable_faces) or not faces
    drawn = material.printing.drawn  # pairs are drawn on the world's people, which are no faces of the index
    return {
        "species": species(material) + omitted if show else omitted,
        "camera_faces": cameras(material) + omitted if show else omitted,
        "pairs": UNKNOWN if not material.world.pairs else pairs(material) if drawn else omitted,
        "cues": UNKNOWN if not truths else cues(material) if show else omitted,
        "look_alike_faces": UNKNOWN if not truths else look_alikes(material) if show else omitted,
    }


def family(cue: str) -> str:
    """Return the family in `vocabulary.FAMILIES` that most of a cue's species belong to, the first of them on a tie."""
    return max(FAMILIES, key=lambda name: len(set(FAMILIES[name]) & set(CUES[cue].species)))


def plates() -> dict[str, list[str]]:
    """Return the cues of each figure."""
    return {name: [cue for cue in CUES if family(cue) in families] for name, families in PLATES.items()}


def outlined(picture: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Return `picture` (uint8 RGB) enlarged, faded to grey outside `region`, with a dashed line around the rest."""
    large, inside = (np.repeat(np.repeat(part, ZOOM, axis=0), ZOOM, axis=1) for part in (picture, region.astype(bool)))
    grey = FADED * large.mean(axis=2, keepdims=True) + (1 - FADED) * 215
    drawn = np.where(inside[..., None], large, grey)
    padded = np.pad(inside, ZOOM)  # the picture's border counts as outside
    core = np.ones_like(inside)
    for down in range(-ZOOM, ZOOM + 1):
        for across in range(-ZOOM, ZOOM + 1):
            core &= padded[ZOOM + down : ZOOM + down + inside.shape[0], ZOOM + across : ZOOM + across + inside.shape[1]]
    rows, columns = np.indices(inside.shape)
    drawn[inside & ~core] = 0
    drawn[inside & ~core & ((rows // DASH + columns // DASH) % 2 == 0)] = 255
    return drawn.round().astype(np.uint8)


def pairs(material: Material) -> str:
    """Draw each cue's pair, a figure a plate."""
    pairs_by_cue = material.world.pairs
    parts = []
    for number, (plate, cue_names) in enumerate(plates().items()):
        rows = []
        for cue in (name for name in cue_names if name in pairs_by_cue):
            without, present, region = pairs_by_cue[cue]
            pictures = (without, present, outlined(present, region))
            titles = ("without", "with", "where it is") if not rows else ("", "", "")
            species_names = ", ".join(map(words, CUES[cue].species))
            text = f"{STEPS[CUES[cue].step]}\n“{CUES[cue].phrasings[0]}”\ngoes with {species_names}"
            rows.append(Row([Cell(*cell) for cell in zip(pictures, titles, strict=True)], words(cue), text))
        if rows:
            parts.append(
                material.draw(
                    f"pairs_{number}",
                    lambda path, rows=rows: draw_sheet(path, rows, 3, 1.75, 1.0),
                    f"Cues of {plate}: the same frame without and with the cue, through the same camera. In the third picture"
                    " everything that the cue does not change is faded, and a dashed line surrounds the rest.",
                    f"Pairs without and with {'; '.join(row.label for row in rows)}",
                )
            )
    return "\n".join(parts)


def pictured(material: Material) -> list[Face]:
    """Return the faces of the index that the page's figures show."""
    of_cues = [face for cue in CUES for face, _ in sample_cue(material, cue)]
    rows = [*sample_species(material).values(), *sample_cameras(material).values(), of_cues]
    return [face for row in rows for face in row] + list(sample_look_alikes(material).values())


def sample_species(material: Material) -> dict[str, list[Face]]:
    """Return faces of each PAI species, without species that no face has."""
    sampled = {}
    for name in SPECIES:
        faces = [face for face in material.printable_faces.values() if face.species == name]
        sampled[name] = sample_across_datasets(faces, ACROSS, "species")
    return {name: faces for name, faces in sampled.items() if faces}


def species(material: Material) -> str:
    """Draw a row of faces for each species."""
    crops = material.pictures().crops
    rows = [Row([crop_cell(face, crops) for face in faces], words(name)) for name, faces in sample_species(material).items()]
    return material.draw(
        "species",
        lambda path: draw_sheet(path, rows, ACROSS, LABELS),
        "A row for each PAI species, bona fide faces first, from several data sets and subjects where there are several.",
        f"Faces of {'; '.join(row.label for row in rows)}",
    )


def cue_faces(cue: str, faces: Mapping[str, Face], truths: Mapping[str, Truth]) -> tuple[list[tuple[Face, float]], bool]:
    """Return faces whose crop shows a cue with its strength, and whether it is the strongest cue of each of them.

    If it is the strongest cue of no face, the faces that show it at all.
    """
    by_rank: dict[bool, list[tuple[Face, float]]] = {True: [], False: []}
    for face_id, truth in truths.items():
        if cue not in truth.cues or face_id not in faces:
            continue
        if cue not in visible(faces[face_id].box, truth.cues, truth.regions):
            continue
        strength = truth.strengths[truth.cues.index(cue)]
        by_rank[strength == max(truth.strengths)].append((faces[face_id], strength))
    return (by_rank[True], True) if by_rank[True] else (by_rank[False], False)


def sample_cue(material: Material, cue: str) -> list[tuple[Face, str]]:
    """Return faces that show a cue, the strongest first, each with its strength and a star where another cue is stronger."""
    shown, strongest = cue_faces(cue, material.printable_faces, material.truths)
    strengths = {face.face_id: strength for face, strength in shown}
    sampled = sample_across_datasets([face for face, _ in shown], ACROSS, "cues")
    sampled = sorted(sampled, key=lambda face: -strengths[face.face_id])
    star = "" if strongest else "*"
    return [(face, f"{strengths[face.face_id]:.2f}{star}") for face in sampled]


def cues(material: Material) -> str:
    """Draw a row of the index's faces for each cue, in two figures."""
    order, parts, crops = list(plates().values()), [], material.pictures().crops
    for number, cue_names in enumerate(([*order[0], *order[1]], [*order[2], *order[3]])):
        rows, missing = [], []
        for cue in cue_names:
            sampled = sample_cue(material, cue)
            if not sampled:
                missing.append(words(cue))
                continue
            rows.append(Row([crop_cell(face, crops, strength) for face, strength in sampled], words(cue)))
        if rows:
            parts.append(
                material.draw(
                    f"cues_{number}",
                    lambda path, rows=rows: draw_sheet(path, rows, ACROSS, LABELS),
                    "Faces of the index in which a cue is the strongest of those present, with its strength, the strongest first."
                    " A star: the cue is the strongest in no face; these faces show it with a stronger one.",
                    f"Faces with {'; '.join(row.label for row in rows)}",
                )
            )
        if missing:
            parts.append(f"In no face of the index: {', '.join(missing)}.\n")
    return "\n".join(parts)


def sample_cameras(material: Material) -> dict[str, list[Face]]:
    """Return bona fide faces of different subjects, by data set, without data sets that have none."""
    sampled = {}
    for dataset in TITLES:
        members = [face for face in material.printable_faces.values() if face.dataset == dataset]
        one_each = {face.subject: face for face in members if face.species == BONA_FIDE_SPECIES}
        sampled[dataset] = sample(list(one_each.values()), ACROSS, "cameras")
    return {dataset: faces for dataset, faces in sampled.items() if faces}


def cameras(material: Material) -> str:
    """Draw bona fide faces of each data set."""
    rows, tables, crops = [], material.world.tables, material.pictures().crops
    for dataset, faces in sample_cameras(material).items():
        camera = tables["studios"][dataset]["camera"] if tables else ""
        rows.append(Row([crop_cell(face, crops) for face in faces], TITLES[dataset], f"camera: {words(camera)}"))
    return material.draw(
        "cameras",
        lambda path: draw_sheet(path, rows, ACROSS, LABELS),
        "Bona fide faces of different subjects, a row for each data set and its camera.",
        f"Bona fide faces of {'; '.join(row.label for row in rows)}",
    )


def sample_look_alikes(material: Material) -> dict[str, Face]:
    """Return a bona fide face with a look-alike of each cue, alone if there is one, by cue."""
    truths = material.truths
    faces = material.printable_faces
    live = {face_id: face for face_id, face in faces.items() if face.species == BONA_FIDE_SPECIES and face_id in truths}
    sampled = {}
    for cue in CUES:
        with_it = [face for face_id, face in live.items() if cue in truths[face_id].look_alikes]
        alone = [face for face in with_it if len(truths[face.face_id].look_alikes) == 1]
        if with_it:
            (sampled[cue],) = sample(alone or with_it, 1, "look-alikes")
    return sampled


def look_alikes(material: Material) -> str:
    """Draw a bona fide face for each look-alike."""
    crops = material.pictures().crops
    cells = [crop_cell(face, crops, words(cue)) for cue, face in sample_look_alikes(material).items()]
    if not cells:
        return "No bona fide face of the index has a look-alike.\n"
    rows = [Row(cells[start : start + ACROSS_WIDE]) for start in range(0, len(cells), ACROSS_WIDE)]
    return material.draw(
        "look_alikes",
        lambda path: draw_sheet(path, rows, ACROSS_WIDE),
        "Bona fide faces, each with a harmless thing in it or behind it that resembles the cue above it.",
        f"Look-alikes of {'; '.join(cell.title for cell in cells)}",
    )
