"""Faces for tests: what a test says nothing about is filled in."""

from __future__ import annotations

from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face, Label, face_id


def face(
    presentation: str,
    species: str,
    frame: int = 4,
    *,
    subject: str = "",
    split: str = "test",
    box: tuple[int, ...] = (0, 0, 9, 9),
    instrument: str = "",
) -> Face:
    """Return one frame of a presentation such as "msu/7", whose data set its name begins with.

    Args:
        presentation: its id.
        species: "bona_fide" or of an attack.
        frame: its number.
        subject: the presentation's own unless said.
        split: train, dev or test.
        box: of the face, in pixels.
        instrument: the archive's word for the attack.
    """
    return Face(
        face_id=face_id(presentation, frame),
        dataset=presentation.partition("/")[0],
        split=split,
        subject=subject or presentation,
        presentation=presentation,
        frame=frame,
        label=Label(species != BONA_FIDE_SPECIES),
        species=species,
        instrument=instrument,
        camera="",
        box=box,
        box_source="sidecar",
        crop="",
        crop_sha256="",
    )
