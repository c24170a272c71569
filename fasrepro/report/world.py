"""The tables of a synthetic world, and what became of them in the index's faces: fragments for the book's page on the world."""

from __future__ import annotations

import dataclasses
import json
import zipfile
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from fasrepro import files
from fasrepro.datasets import DATASETS
from fasrepro.report import fragments, gallery
from fasrepro.report.tables import NONE
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES, PRINTS, REPLAYS, SPECIES, STEPS

UNKNOWN = "Nothing is known of this in licensed archives: it is what a program chose that draws synthetic ones.\n"
COMMON = (*PRINTS, *REPLAYS)  # the PAI species of the four old archives
PARTS = ("without", "with", "mask")

# Fields of the world's tables in words; a field that is not here is shown by its own name.
CAMERA = {
    "warmth": "warmth: log gain of red against blue",
    "tint": "tint: log gain of green",
    "exposure": "exposure: log2 gain",
    "gamma": "gamma",
    "blur": "blur, pixels",
    "vignette": "how much darker the corners are, of 1",
    "noise": "noise, of 255",
    "scale": "the sensor's resolution against the frame's",
    "crf": "H.264: constant rate factor of .mp4 and .mov",
    "quantiser": "MPEG-4: quantiser of .avi",
}
SETTING = {
    "lights": "light",
    "backgrounds": "background",
    "walls": "wall",
    "exposure": "exposure: log2 gain besides the camera's",
    "warmth": "warmth: log gain of red against blue besides the camera's",
    "focus": "blur besides the camera's, pixels",
    "distance": "size of the face, times",
}
WORKSHOP = {
    "raster": "period of printed dots, pixels of the frame",
    "pixels": "screen pixels a pixel of the frame",
    "paper": "paper (red, green, blue, of 1)",
    "device": "device (red, green, blue, of 1)",
}
PEOPLE = {
    "glasses": "share with glasses",
    "beard": "share with a beard, of those whose style and build allow one",
    "cover": "share with a head cover",
    "old": "share above 60",
    "bald": "share without hair",
    "length": "added to the length of the face",
    "nose": "added to the width of the nose",
    "eyes": "added to the size of the eyes",
    "lips": "added to the fullness of the lips",
}
KIND = {"medium": "medium", "moving": "head moves", "blinking": "eyes blink", "covered": "what is worn covers the"}


class WorldError(ValueError):
    """Files of a world that do not go together; the message names the file and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Known:
    """What is known of a world because it was drawn; both are empty for licensed archives."""

    tables: Mapping[str, Any]  # of worlds.tables, as results/archives/world.json holds it
    pairs: Mapping[str, tuple[np.ndarray, ...]]  # cue -> without it and with it (uint8 RGB), and where it is (0 or 1)


NOTHING = Known({}, {})


def load(tables: Path, pairs: Path) -> Known:
    """Read world.json and cue_pairs.npz. Raises `ValueError` that names the file where one is missing or broken."""
    found = files.read_json(tables)
    try:
        with np.load(pairs) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WorldError(f"{pairs}: not a readable file of cues' pairs ({error}); `dvc repro archives` writes it") from None
    wanted = {f"{cue}_{part}" for cue in CUES for part in PARTS}
    named = {cue for cue in CUES if any(f"{cue}_{part}" in arrays for part in PARTS)}
    missing = sorted({f"{cue}_{part}" for cue in named for part in PARTS} - arrays.keys())
    strange = sorted(arrays.keys() - wanted)
    if missing or strange:
        what = f"{missing[0]} is missing" if missing else f"{strange[0]} is no cue's picture"
        raise WorldError(f"{pairs}: {what}; `dvc repro --force archives` writes it anew")
    return Known(found, {cue: tuple(arrays[f"{cue}_{part}"] for part in PARTS) for cue in CUES if cue in named})


def title(name: str) -> str:
    """Return the name of a cue or a species as a text shows it."""
    return name.replace("_", " ")


def shown(value: Any) -> str:
    """Return a value of the tables in words: a range "0.1 to 0.5", a list "wall, garden", nothing at all "any"."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, tuple)):
        if not value:
            return "any"
        parts = [str(part) if isinstance(part, str) else f"{part:g}" for part in value]
        return " to ".join(parts) if len(parts) == 2 and not isinstance(value[0], str) else ", ".join(parts)
    return value if isinstance(value, str) else f"{value:g}"


def _studios(world: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: world["studios"][name] for name in DATASETS if name in world["studios"]}


def _in_order(names: Iterable[str], order: Iterable[str]) -> list[str]:
    """Return `names` in the order of `order`, the rest of them after it: JSON is written in the order of the alphabet."""
    left = dict.fromkeys(names)
    first = [name for name in order if name in left]
    return [*first, *(name for name in left if name not in first)]


def which(world: Mapping[str, Any]) -> str:
    """Return which world it is, as a sentence."""
    name = gallery.escaped(world["world"])
    return f"Of the worlds that the program can draw this is world **{name}**: other worlds have other people and other tables.\n"


def kinds(world: Mapping[str, Any]) -> str:
    """Return the table of how a species is presented."""
    rows = []
    for species in _in_order(world["kinds"], SPECIES):
        kind = world["kinds"][species]
        told = {**kind, "covered": kind["covered"] if kind["medium"] == "worn" else ""}
        rows.append([title(species), SPECIES[species], *(shown(told[field]) for field in KIND)])
    return fragments.table(["PAI species", "what it is", *KIND.values()], rows)


def _groups(world: Mapping[str, Any]) -> list[tuple[list[str], list[str]]]:
    """Return the species of the four old archives, and those that SiW-Mv2 alone has, each with the cues that one of them has."""
    found = world["cue_rates"]
    order = _in_order(found, SPECIES)
    groups = ([name for name in order if (name in COMMON) == old] for old in (True, False))
    return [(group, [cue for cue in CUES if any(cue in found[name] for name in group)]) for group in groups]


def rates(world: Mapping[str, Any]) -> str:
    """Return how often a cue is drawn in a presentation of a species, and how strongly."""
    found, (low, high) = world["cue_rates"], world["strength"]
    parts = []
    for group, names in _groups(world):
        rows = [[title(name), *(f"{found[name][cue]:.2f}" if cue in found[name] else "" for cue in names)] for name in group]
        parts.append(fragments.table(["PAI species", *map(title, names)], rows))
    return "\n".join([*parts, f"A cue's strength is drawn from {low:g} to {high:g}, each value as likely as another.\n"])


def present(world: Mapping[str, Any], faces: Iterable[Face], truths: Mapping[str, Truth]) -> str:
    """Return in how many of the index's faces a cue is present, and in how many it was drawn and is faint, by species."""
    known = [(face.species, truths[face.face_id]) for face in faces if face.face_id in truths]
    total = Counter(species for species, _ in known)
    seen = Counter((species, cue) for species, truth in known for cue in truth.cues)
    faint = Counter((species, cue) for species, truth in known for cue in truth.faint)
    parts = []
    for group, names in _groups(world):
        rows = []
        for species in group:
            cells = [f"{seen[species, cue]}{f' + {n}' if (n := faint[species, cue]) else ''}" for cue in names]
            kept = [cell if cue in world["cue_rates"][species] else "" for cue, cell in zip(names, cells, strict=True)]
            rows.append([title(species), total[species], *(cell.replace(" ", "\N{NO-BREAK SPACE}") for cell in kept)])
        parts.append(fragments.table(["PAI species", "faces", *map(title, names)], rows))
    return "\n".join(parts)


def survival(faces: Iterable[Face], truths: Mapping[str, Truth]) -> str:
    """Return the table of cues over all species: in how many of the index's faces each is drawn, present and faint."""
    known = [truths[face.face_id] for face in faces if face.face_id in truths]
    strengths: dict[str, list[float]] = {cue: [] for cue in CUES}
    for truth in known:
        for cue, strength in zip(truth.cues, truth.strengths, strict=True):
            strengths[cue].append(strength)
    faint = Counter(cue for truth in known for cue in truth.faint)
    rows = []
    for cue, values in strengths.items():
        drawn = len(values) + faint[cue]
        share, mean = (f"{len(values) / drawn:.2f}" if drawn else NONE), (f"{np.mean(values):.2f}" if values else NONE)
        rows.append([title(cue), drawn, len(values), faint[cue], share, mean])
    return fragments.table(
        ["cue", "faces where it is drawn", "present", "faint", "present, of those drawn", "mean strength where present"], rows
    )


def look_alikes(faces: Iterable[Face], truths: Mapping[str, Truth]) -> str:
    """Return in how many bona fide and attack faces of the index there is a look-alike, by the cue that it resembles."""
    known = [(face.species == BONA_FIDE_SPECIES, truths[face.face_id]) for face in faces if face.face_id in truths]
    total = Counter(live for live, _ in known)
    found = Counter((live, cue) for live, truth in known for cue in truth.look_alikes)
    found.update((live, "any") for live, truth in known if truth.look_alikes)
    names = [cue for cue in CUES if found[True, cue] or found[False, cue]]
    rows = []
    for name, words in [*((cue, title(cue)) for cue in names), ("any", "any of them")]:
        cells = [(found[live, name], found[live, name] / total[live] if total[live] else None) for live in (True, False)]
        rows.append([words, *(text for count, share in cells for text in (count, NONE if share is None else f"{share:.3f}"))])
    heads = [f"{kind} faces{what}" for kind in ("bona fide", "attack") for what in ("", ", share")]
    return fragments.table(["looks like", *heads], rows) + f"\nOf {total[True]} bona fide and {total[False]} attack faces.\n"


def cameras(world: Mapping[str, Any], faces: Iterable[Face], truths: Mapping[str, Truth]) -> str:
    """Return the cameras' ranges, a column a data set, and of what quality the index's faces are."""
    studios = _studios(world)
    parts = {name: studio["parts"]["camera"] for name, studio in studios.items()}
    fields = _in_order((field for part in parts.values() for field in part), CAMERA)
    rows = [[CAMERA.get(field, title(field)), *(shown(part[field]) for part in parts.values())] for field in fields]
    seen: dict[str, Counter[str]] = {name: Counter() for name in parts}
    for face in faces:
        if face.face_id in truths and face.dataset in seen:
            seen[face.dataset][json.loads(truths[face.face_id].attributes).get("quality", "unknown")] += 1
    for quality in sorted({word for counts in seen.values() for word in counts}):
        rows.append([f"faces of the index that are {quality}", *(str(counts[quality]) for counts in seen.values())])
    return fragments.table(
        ["", *(f"{DATASETS[name].title}: {title(studio['camera'])}" for name, studio in studios.items())], rows
    )


def ties(world: Mapping[str, Any]) -> str:
    """Return the table of settings, bona fide against attack, a row for each thing in which the two differ."""
    rows = []
    for name, studio in _studios(world).items():
        sides = studio["parts"]["tie"]
        order = _in_order(sides["bona_fide"], SETTING)
        differ = [field for field in order if sides["bona_fide"][field] != sides["attack"][field]]
        for place, field in enumerate(differ):
            first = [DATASETS[name].title, title(studio["tie"])] if place == 0 else ["", ""]
            values = [shown(sides[side][field]) for side in ("bona_fide", "attack")]
            rows.append([*first, SETTING.get(field, title(field)), *values])
    return fragments.table(["data set", "place", "what differs", "bona fide", "attack"], rows)


def workshops(world: Mapping[str, Any]) -> str:
    """Return the table of printers and screens."""
    rows = [
        [DATASETS[name].title, title(studio["workshop"]), *(shown(studio["parts"]["workshop"][field]) for field in WORKSHOP)]
        for name, studio in _studios(world).items()
    ]
    return fragments.table(["data set", "workshop", *WORKSHOP.values()], rows)


def people(world: Mapping[str, Any], faces: Iterable[Face], truths: Mapping[str, Truth]) -> str:
    """Return the people's ranges, and how many subjects of the index have each tone."""
    ranges = world["people"]
    weights = ranges["tones"]
    subjects: dict[str, str] = {}
    for face in faces:
        tone = json.loads(truths[face.face_id].attributes).get("monk") if face.face_id in truths else None
        if tone:
            subjects[face.subject] = tone
    if truths and not subjects:
        return "These people were not drawn: they are of photographs.\n"
    counts = Counter(subjects.values())
    steps = [str(step) for step in range(1, len(weights) + 1)]
    tones = [["share", *(f"{weight / sum(weights):.2f}" for weight in weights)]]
    tones.append(["subjects of the index", *(str(counts[step]) for step in steps)])
    fields = [field for field in _in_order(ranges, PEOPLE) if field != "tones"]
    rows = [[PEOPLE.get(field, title(field)), shown(ranges[field])] for field in fields]
    return "\n".join([fragments.table(["step of the Monk scale", *steps], tones), fragments.table(["people", "value"], rows)])


def words() -> str:
    """Return the table of all cues in words: step, species, and the first of the ways to say it."""
    rows = [[title(n), STEPS[c.step], ", ".join(map(title, c.species)), c.phrasings[0]] for n, c in CUES.items()]
    return fragments.table(["cue", "step of reasoning", "goes with", "in words"], rows)


def fragments_of(known: Known, faces: Sequence[Face], truths: Mapping[str, Truth]) -> dict[str, str]:
    """Return every table by its fragment's name; all but the words say so where nothing is known."""
    world = known.tables
    found = {
        "world_which": lambda: which(world),
        "world_kinds": lambda: kinds(world),
        "world_rates": lambda: rates(world),
        "world_present": lambda: present(world, faces, truths),
        "world_survival": lambda: survival(faces, truths),
        "world_look_alikes": lambda: look_alikes(faces, truths),
        "world_cameras": lambda: cameras(world, faces, truths),
        "world_ties": lambda: ties(world),
        "world_workshops": lambda: workshops(world),
        "world_people": lambda: people(world, faces, truths),
    }
    return {"world_words": words(), **{name: make() if world else UNKNOWN for name, make in found.items()}}
