"""The indexed faces that a caption set of a part's people is about. Caption models' stages need none of the code for it."""

from __future__ import annotations

import sys
from collections.abc import Mapping

from fasrepro.captions.sets import FacesOfPart
from fasrepro.data import balanced
from fasrepro.data.people_parts import Shares
from fasrepro.rows.faces import Face
from fasrepro.stages import part_faces
from fasrepro.stages.part_faces import PartError


def of_set(wanted: FacesOfPart, parts: Mapping[str, Shares]) -> list[Face]:
    """Return the faces that a caption set is about, sorted by face_id. A class without a face is named in a notice.

    Raises:
        PartError: there are none, or fewer than the set asks for.
    """
    faces = part_faces.of_part(parts, wanted.part)
    if wanted.count > len(faces):
        where = part_faces.described(parts, wanted.part)
        raise PartError(
            f"params.yaml: captions: {wanted.count} faces wanted, and there are {len(faces)} in {where}: lower `count`"
        )
    if not wanted.balanced:
        return balanced.lowest(faces, wanted.count or len(faces))
    for name in balanced.empty_classes(faces):
        where = part_faces.described(parts, wanted.part)
        print(f"no face of the class {name} in {where}: the other classes have its share", file=sys.stderr)
    return balanced.balanced(faces, wanted.count or len(faces))
