"""The indexed faces of a part's people: see `data.people_parts`."""

from __future__ import annotations

from collections.abc import Mapping

from fasrepro import names, paths
from fasrepro.data import people_parts
from fasrepro.data.people_parts import Shares
from fasrepro.rows import table
from fasrepro.rows.faces import Face


class PartError(ValueError):
    """A part without the faces that are asked for; the message names the part, the data sets and the remedy."""


def of_part(parts: Mapping[str, Shares], part: str) -> list[Face]:
    """Return the train faces of a part's people, of the data sets that are present, sorted by face_id.

    Args:
        parts: shares by data set.
        part: a key of `people_parts.PURPOSES`.

    Raises:
        PartError: the part is unknown, or has no faces.
    """
    names.lookup(people_parts.PURPOSES, part, "part", PartError, "params.yaml: captions: faces")
    present = [dataset for dataset in sorted(parts) if paths.faces(dataset).is_file()]
    faces = [face for dataset in present for face in table.read(paths.faces(dataset), Face)]
    chosen = people_parts.faces_of_part(faces, parts, part)
    if not chosen:
        raise PartError(
            f"no faces in {described(parts, part)}: give it a share in `parts` of params.yaml, and index the data sets"
        )
    return sorted(chosen, key=lambda face: face.face_id)


def described(parts: Mapping[str, Shares], part: str) -> str:
    """Return a part and its data sets in words."""
    return f"part {part} ({people_parts.PURPOSES[part]}) of {', '.join(parts)}"
