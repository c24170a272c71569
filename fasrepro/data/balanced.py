"""Some of many faces: as many of each class as there are, and of a large class those with the lowest hashes.

FaceCoT's gold captions are of live faces, replays, prints and masks in equal numbers, and have the rare kinds of mask whole.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from fasrepro import vocabulary
from fasrepro.hashing import unit_hash
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face

# The classes that are balanced, with their species. As in the figure of FaceCoT's repository (`datasets.FACECOT_TYPES`), a photo
# that is worn is a print; of other data sets, whatever covers, paints or stands for a face is a mask.
PRINTS = (*vocabulary.PRINTS, "facial_photo")
CLASSES: dict[str, tuple[str, ...]] = {
    "bona fide": (BONA_FIDE_SPECIES,),
    "replay": vocabulary.REPLAYS,
    "print": PRINTS,
    "mask": tuple(species for species in (*vocabulary.MASKS, *vocabulary.PARTIALS, *vocabulary.MAKEUPS) if species not in PRINTS),
}


def even_shares(sizes: Mapping[str, int], total: int) -> dict[str, int]:
    """Divide a number as evenly as sizes allow: small ones are taken whole, and what they lack goes to the larger ones.

    >>> even_shares({"doll": 2, "poster": 40, "tablet": 50}, 30)
    {'doll': 2, 'poster': 14, 'tablet': 14}
    """
    shares: dict[str, int] = {}
    for place, name in enumerate(sorted(sizes, key=lambda name: (sizes[name], name))):
        shares[name] = min(sizes[name], (total - sum(shares.values())) // (len(sizes) - place))
    return shares


def empty_classes(faces: Sequence[Face]) -> list[str]:
    """Return the classes of `CLASSES` without a face. `balanced` divides their shares among the others."""
    present = {face.species for face in faces}
    return [name for name, species in CLASSES.items() if present.isdisjoint(species)]


def balanced(faces: Sequence[Face], count: int) -> list[Face]:
    """Return `count` faces, or all if there are fewer, in the order of `faces`.

    The classes of `CLASSES` have equal shares, and within a class each species of each data set. Faces whose species is in no
    class are left out.
    """
    kinds: dict[str, dict[str, list[Face]]] = {}
    for face in faces:
        for name, species in CLASSES.items():
            if face.species in species:
                kinds.setdefault(name, {}).setdefault(f"{face.dataset}/{face.species}", []).append(face)
    of_class = even_shares({name: sum(map(len, group.values())) for name, group in kinds.items()}, count)
    chosen: set[str] = set()
    for name, group in kinds.items():
        of_kind = even_shares({kind: len(members) for kind, members in group.items()}, of_class[name])
        for kind, members in group.items():
            chosen |= {face.face_id for face in lowest(members, of_kind[kind])}
    return [face for face in faces if face.face_id in chosen]


def lowest(faces: Sequence[Face], count: int) -> list[Face]:
    """Return the `count` faces with the lowest hashes, in the order of `faces`: a larger number keeps those of a smaller one."""
    ranked = sorted(faces, key=lambda face: unit_hash("captioned", face.face_id))
    chosen = {face.face_id for face in ranked[:count]}
    return [face for face in faces if face.face_id in chosen]
