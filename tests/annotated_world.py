"""A small index with crops and truth, so that captions can be tested without archives."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import numpy as np

from fasrepro import crops, vocabulary
from fasrepro.config import Simulated
from fasrepro.rows import table
from fasrepro.rows.faces import Face, Label, face_id
from fasrepro.rows.truth import Truth
from fasrepro.simulation.annotator.annotator import Annotator, known_images
from tests.regions import box_region

SPECIES = ["bona_fide", "print", "replay_video"]


@dataclasses.dataclass(frozen=True)
class World:
    root: Path  # holds results/ with crops, faces and truth of msu
    crops: Path
    faces: list[Face]
    truths: list[Truth]

    def annotator(self, seed: int = 5, **rates: float) -> Annotator:
        """Return the annotator of this world, which fails at `rates`, 0 if not given."""
        names = [field.name for field in dataclasses.fields(Simulated)]
        settings = Simulated(**{name: rates.get(name, 0.0) for name in names} | {"seed": seed})
        return Annotator(known_images(self.faces, self.truths), settings)


def make_world(root: Path, count: int) -> World:
    """Make `count` faces: a third bona fide, a third print, a third replay, each with all cues of its species but one."""
    folder = root / "results" / "crops"
    faces, truths, pictures = [], [], {}
    random = np.random.default_rng(11)
    for number in range(count):
        species = SPECIES[number % len(SPECIES)]
        label = Label.BONA_FIDE if species == "bona_fide" else Label.ATTACK
        data, pixels_hash = crops.encode(random.integers(0, 256, (24, 20, 3), dtype=np.uint8))
        name = f"msu/{number:04d}.png"
        pictures[name] = data
        presentation = f"msu/{species}/client{number:03d}"
        name_of_face = face_id(presentation, 4)
        faces.append(
            Face(
                face_id=name_of_face,
                dataset="msu",
                split="train",
                subject=f"msu/client{number:03d}",
                presentation=presentation,
                frame=4,
                label=label,
                species=species,
                instrument="" if label is Label.BONA_FIDE else species,
                camera="laptop",
                box=(10, 10, 20, 24),
                box_source="sidecar",
                crop=name,
                crop_sha256=pixels_hash,
            )
        )
        names = vocabulary.cues_of(species)[number % 2 :]
        truths.append(
            Truth(
                face_id=name_of_face,
                cues=tuple(names),
                strengths=(0.5,) * len(names),
                regions=(box_region(8, 8, 24, 28),) * len(names),
                faint=(),
                look_alikes=("bezel",) if number % 6 == 0 else (),
                attributes=json.dumps(
                    {"skin_tone": "fair", "hair": "short brown", "light": "left", "background": "wall", "wall": "grey"}
                ),
            )
        )
    with crops.packed(folder) as add:
        for name, data in pictures.items():
            add(name, data)
    table.write(root / "results" / "faces" / "msu.parquet", faces, Face)
    table.write(root / "results" / "truth" / "msu.parquet", truths, Truth)
    return World(root, folder, faces, truths)
