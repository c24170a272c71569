"""The page on the synthetic world: the tables that it is drawn from, and what became of them in the index's faces."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from fasrepro.datasets import DATASETS
from fasrepro.report import markdown, world_pictures
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs
from fasrepro.report.tables import NONE, words
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Face
from fasrepro.rows.truth import Truth
from fasrepro.vocabulary import CUES, PRINTS, REPLAYS, SPECIES, STEPS

NEEDS = Needs(inputs=("world", "faces", "truths"), params=("archives", "synthetic"))
UNKNOWN = "Of licensed archives this is not known: it is what a program draws synthetic archives from.\n"
COMMON = (*PRINTS, *REPLAYS)  # the PAI species of the four old archives
Known = Sequence[tuple[Face, Truth]]  # the index's faces whose truth is known

# Fields of the world's tables in words; a field that is missing here is shown by its own name.
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


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments; all but the cues' words say so if no truth is known."""
    tables, truths = material.world.tables, material.truths
    with_truth = [(face, truths[face.face_id]) for face in material.faces.values() if face.face_id in truths]
    answer = markdown.answer(which(tables) if tables else UNKNOWN)
    fragments = {"answer": answer, "words": cue_words(), **world_pictures.render(material)}
    drawn = {
        "kinds": lambda: kinds(tables),
        "rates": lambda: rates(tables),
        "present": lambda: present(tables, with_truth),
        "survival": lambda: survival(with_truth),
        "look_alikes": lambda: look_alikes(with_truth),
        "cameras": lambda: cameras(tables, with_truth),
        "ties": lambda: ties(tables),
        "workshops": lambda: workshops(tables),
        "people": lambda: people(tables, with_truth, bool(truths)),
    }
    return fragments | {name: table() if tables else UNKNOWN for name, table in drawn.items()}


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


def _studios(tables: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {name: tables["studios"][name] for name in DATASETS if name in tables["studios"]}


def _in_order(names: Iterable[str], order: Iterable[str]) -> list[str]:
    """Return `names` in the order of `order`, then the rest: JSON is written in alphabetical order."""
    left = dict.fromkeys(names)
    first = [name for name in order if name in left]
    return [*first, *(name for name in left if name not in first)]


def which(tables: Mapping[str, Any]) -> str:
    """Return which world it is, as a sentence."""
    return (
        f"This is world *{escape(tables['world'])}*; other worlds have other people and other tables. The figures show its"
        " species, cues, look-alikes and cameras, and the tables hold everything that it is drawn from.\n"
    )


def kinds(tables: Mapping[str, Any]) -> str:
    """Return the table of how each species is presented."""
    rows = []
    for species in _in_order(tables["kinds"], SPECIES):
        kind = tables["kinds"][species]
        kind = {**kind, "covered": kind["covered"] if kind["medium"] == "worn" else ""}
        rows.append([words(species), SPECIES[species], *(shown(kind[field]) for field in KIND)])
    return markdown.table(["PAI species", "what it is", *KIND.values()], rows)


def _species_groups(tables: Mapping[str, Any]) -> list[tuple[list[str], list[str]]]:
    """Return the species of the four old archives, and those of SiW-Mv2 alone, each group with the cues that it shows."""
    by_species = tables["cue_rates"]
    order = _in_order(by_species, SPECIES)
    groups = ([name for name in order if (name in COMMON) == old] for old in (True, False))
    return [(group, [cue for cue in CUES if any(cue in by_species[name] for name in group)]) for group in groups]


def rates(tables: Mapping[str, Any]) -> str:
    """Return how often a cue is drawn in a presentation of a species, and how strongly."""
    by_species, (low, high) = tables["cue_rates"], tables["strength"]
    parts = []
    for group, cues in _species_groups(tables):
        rows = []
        for name in group:
            rows.append([words(name), *(f"{by_species[name][cue]:.2f}" if cue in by_species[name] else "" for cue in cues)])
        parts.append(markdown.table(["PAI species", *map(words, cues)], rows))
    return "\n".join([*parts, f"A cue's strength is drawn uniformly from {low:g} to {high:g}.\n"])


def present(tables: Mapping[str, Any], known: Known) -> str:
    """Return in how many of the index's faces each cue is present, and after a plus sign drawn but faint, by species."""
    total = Counter(face.species for face, _ in known)
    visible = Counter((face.species, cue) for face, truth in known for cue in truth.cues)
    faint = Counter((face.species, cue) for face, truth in known for cue in truth.faint)
    parts = []
    for group, cues in _species_groups(tables):
        rows = []
        for species in group:
            cells = []
            for cue in cues:
                number = faint[species, cue]
                cell = f"{visible[species, cue]}{f' + {number}' if number else ''}"
                cells.append(cell.replace(" ", "\N{NO-BREAK SPACE}") if cue in tables["cue_rates"][species] else "")
            rows.append([words(species), total[species], *cells])
        parts.append(markdown.table(["PAI species", "faces", *map(words, cues)], rows))
    return "\n".join(parts)


def survival(known: Known) -> str:
    """Return in how many of the index's faces each cue is drawn, present and faint, over all species."""
    strengths: dict[str, list[float]] = {cue: [] for cue in CUES}
    for _, truth in known:
        for cue, strength in zip(truth.cues, truth.strengths, strict=True):
            strengths[cue].append(strength)
    faint = Counter(cue for _, truth in known for cue in truth.faint)
    rows = []
    for cue, values in strengths.items():
        drawn = len(values) + faint[cue]
        share, mean = (f"{len(values) / drawn:.2f}" if drawn else NONE), (f"{np.mean(values):.2f}" if values else NONE)
        rows.append([words(cue), drawn, len(values), faint[cue], share, mean])
    columns = ["cue", "faces where it is drawn", "present", "faint", "present, of those drawn", "mean strength where present"]
    return markdown.table(columns, rows)


def look_alikes(known: Known) -> str:
    """Return in how many bona fide and attack faces of the index there is a look-alike, by the cue that it resembles."""
    total = Counter(face.species == BONA_FIDE_SPECIES for face, _ in known)
    numbers: Counter[tuple[bool, str]] = Counter()
    for face, truth in known:
        bona_fide = face.species == BONA_FIDE_SPECIES
        numbers.update((bona_fide, cue) for cue in truth.look_alikes)
        numbers[bona_fide, "any"] += bool(truth.look_alikes)
    cues = [cue for cue in CUES if numbers[True, cue] or numbers[False, cue]]
    rows = []
    for name, text in [*((cue, words(cue)) for cue in cues), ("any", "any of them")]:
        cells: list[Any] = []
        for bona_fide in (True, False):
            share = f"{numbers[bona_fide, name] / total[bona_fide]:.3f}" if total[bona_fide] else NONE
            cells += [numbers[bona_fide, name], share]
        rows.append([text, *cells])
    heads = [f"{kind} faces{unit}" for kind in ("bona fide", "attack") for unit in ("", ", share")]
    return markdown.table(["looks like", *heads], rows) + f"\nOf {total[True]} bona fide and {total[False]} attack faces.\n"


def cameras(tables: Mapping[str, Any], known: Known) -> str:
    """Return the cameras' ranges, a column a data set, and the quality of the index's faces."""
    studios = _studios(tables)
    parts = {name: studio["parts"]["camera"] for name, studio in studios.items()}
    fields = _in_order((field for part in parts.values() for field in part), CAMERA)
    rows = [[CAMERA.get(field, words(field)), *(shown(part[field]) for part in parts.values())] for field in fields]
    qualities: dict[str, Counter[str]] = {name: Counter() for name in parts}
    for face, truth in known:
        if face.dataset in qualities:
            qualities[face.dataset][json.loads(truth.attributes).get("quality", "unknown")] += 1
    for quality in sorted({quality for counts in qualities.values() for quality in counts}):
        rows.append([f"faces of the index that are {quality}", *(str(counts[quality]) for counts in qualities.values())])
    heads = [f"{DATASETS[name].title}: {words(studio['camera'])}" for name, studio in studios.items()]
    return markdown.table(["", *heads], rows)


def ties(tables: Mapping[str, Any]) -> str:
    """Return the table of settings, bona fide against attack, a row for each property in which the two differ."""
    rows = []
    for name, studio in _studios(tables).items():
        sides = studio["parts"]["tie"]
        order = _in_order(sides["bona_fide"], SETTING)
        different = [field for field in order if sides["bona_fide"][field] != sides["attack"][field]]
        for place, field in enumerate(different):
            first = [DATASETS[name].title, words(studio["tie"])] if place == 0 else ["", ""]
            rows.append(
                [*first, SETTING.get(field, words(field)), *(shown(sides[side][field]) for side in ("bona_fide", "attack"))]
            )
    return markdown.table(["data set", "place", "property", "bona fide", "attack"], rows)


def workshops(tables: Mapping[str, Any]) -> str:
    """Return the table of printers and screens."""
    rows = []
    for name, studio in _studios(tables).items():
        values = [shown(studio["parts"]["workshop"][field]) for field in WORKSHOP]
        rows.append([DATASETS[name].title, words(studio["workshop"]), *values])
    return markdown.table(["data set", "workshop", *WORKSHOP.values()], rows)


def people(tables: Mapping[str, Any], known: Known, has_truths: bool) -> str:
    """Return the people's ranges, and how many subjects of the index have each skin tone."""
    ranges = tables["people"]
    weights = ranges["tones"]
    tone_of: dict[str, str] = {}
    for face, truth in known:
        tone = json.loads(truth.attributes).get("monk")
        if tone:
            tone_of[face.subject] = tone
    if has_truths and not tone_of:
        return "These people were not drawn: they are from photographs.\n"
    counts = Counter(tone_of.values())
    steps = [str(step) for step in range(1, len(weights) + 1)]
    tones = [["share", *(f"{weight / sum(weights):.2f}" for weight in weights)]]
    tones.append(["subjects of the index", *(str(counts[step]) for step in steps)])
    fields = [field for field in _in_order(ranges, PEOPLE) if field != "tones"]
    rows = [[PEOPLE.get(field, words(field)), shown(ranges[field])] for field in fields]
    return "\n".join([markdown.table(["step of the Monk scale", *steps], tones), markdown.table(["people", "value"], rows)])


def cue_words() -> str:
    """Return the table of all cues in words: step, species, and the first phrasing."""
    rows = [[words(name), STEPS[cue.step], ", ".join(map(words, cue.species)), cue.phrasings[0]] for name, cue in CUES.items()]
    return markdown.table(["cue", "step of reasoning", "goes with", "in words"], rows)
