"""CelebA-Spoof: still images of celebrities and ten types of attack on them. Layout: the release's README, code and issues.

An image is a presentation. Folders give split, subject and label. The lists `metas/intra_test/{train,test}_label.json` give each
attack's type, illumination and environment, so they are required. A listing names the lists and does not hold them: there, the
type of no attack is known, and each is an exclusion.

Read in the release's README, its code and its issues:

- The data set has 625,537 images of 10,177 subjects. The lists hold 561,575 of them; the others were kept for a challenge. An
  image that no list names is excluded by design.
- The zips hold a junk folder `train-2`, and some images are missing after unpacking (Data/train/940/spoof/167212).
- A box in `<number>_BB.txt` is "x y width height score" on a grid of 224 by 224 over the whole picture. A detector made the
  boxes: some are negative (train/3025/spoof/029572), empty (train/3329/spoof/004046) or of size zero. Such an image has no box.

Reported by others: public lists name every image .jpg or every image .png, so images are matched without their suffix.

Not certain:

- One issue quotes a path under Data/train from a test_label.json and does not say which of the three, so that the folder decides
  the split, and not the list.
- Whether boxes refer to the picture as stored or as its EXIF orientation turns it. Here, it is the picture as stored.
- Whether every attack has an illumination and an environment. A 0 is read as "unknown".
"""

from __future__ import annotations

import dataclasses
import json
import math
import re
from pathlib import Path
from typing import Any

from PIL import Image

from fasrepro.archives import layout, reader
from fasrepro.archives.layout import ArchiveError, Box, Exclusion, Eyes, Presentation, Reading, UnknownName
from fasrepro.archives.tree import Tree
from fasrepro.files import write_text
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

FOLDER = "CelebA_Spoof"
# The facts state images a split (494,405 in train, 67,170 in test), not how many of them are bona fide.
SPLITS = ("train", "test")
PUBLISHED: dict[str, None] = dict.fromkeys(SPLITS)
SUFFIXES = (".jpg", ".png")
# number in the lists -> the release's word, species. FaceCoT's figure files types 4 and 5 under prints, type 6 under masks.
TYPES: dict[int, tuple[str, str]] = {
    1: ("Photo", "print"),
    2: ("Poster", "poster"),
    3: ("A4", "a4_print"),
    4: ("Face Mask", "facial_photo"),
    5: ("Upper Body Mask", "upper_body_photo"),
    6: ("Region Mask", "region_mask"),
    7: ("PC", "replay_pc"),
    8: ("Pad", "replay_pad"),
    9: ("Phone", "replay_phone"),
    10: ("3D Mask", "mask_3d"),
}
PAI_SPECIES = tuple(species for _, species in TYPES.values())
ILLUMINATIONS = ("unknown", "normal", "strong", "back", "dark")
ENVIRONMENTS = ("unknown", "indoor", "outdoor")
METAS = "metas/intra_test"
ATTRIBUTES, VALUES = 40, 44  # of a row: CelebA's attributes, and all numbers
JUNK_FOLDER = "train-2"
GRID = 224
SUBJECTS, IMAGES = 10_177, 625_537
TOTALS = (SUBJECTS, IMAGES)
REMEDY = "it states the types of attacks: unpack the release's folder metas beside Data"
RESTORE = "restore the official list"
# Written once, because a listing gives one of them for each of hundreds of thousands of images.
IN_JUNK = f"in the release's junk folder {JUNK_FOLDER}"
TYPE_UNKNOWN = f"an attack of unknown type: {METAS} names it, which a listing does not hold"
IN_NO_LIST = f"in no list of {METAS}"
_NAME = re.compile(
    r"Data/(?P<split>train|test)/(?P<subject>[1-9][0-9]{0,4})/(?P<word>live|spoof)/(?P<number>[0-9]{6})(?P<suffix>\.jpg|\.png)"
)

Meta = tuple[int, int, int]  # of an image: type (0 for bona fide), illumination, environment
LIVE_META: Meta = (0, 0, 0)


@dataclasses.dataclass(frozen=True, slots=True)
class Name:
    """The parts of an official path; `word` is live or spoof."""

    split: str
    subject: int
    word: str
    number: int
    suffix: str = ".jpg"


def format_name(name: Name) -> str:
    """Return the relative path of an image."""
    return f"Data/{name.split}/{name.subject}/{name.word}/{name.number:06d}{name.suffix}"


def parse_name(path: str) -> Name:
    """Parse the relative path of an image. Raises `UnknownName` for a path that `format_name` cannot return."""
    match = _NAME.fullmatch(path)
    if not match:
        raise UnknownName(f"not a CelebA-Spoof name: {path}")
    return Name(match["split"], int(match["subject"]), match["word"], int(match["number"]), match["suffix"])


def presentation(name: Name, meta: Meta) -> Presentation:
    """Return the presentation of an official name; `meta` counts for an attack alone."""
    attack = name.word == "spoof"
    instrument, species, camera = "", BONA_FIDE_SPECIES, "unknown"
    if attack:
        kind, illumination, environment = meta
        instrument, species = TYPES[kind]
        camera = f"{ILLUMINATIONS[illumination]}/{ENVIRONMENTS[environment]}"
    return Presentation(
        dataset="celeba_spoof",
        path=format_name(name),
        split=name.split,
        subject=f"celeba_spoof/{name.subject}",
        label=Label.ATTACK if attack else Label.BONA_FIDE,
        species=species,
        instrument=instrument,
        camera=camera,
    )


def read_metas(tree: Tree) -> dict[str, Meta]:
    """Return image without suffix -> its numbers, from the lists of the intra-dataset protocol.

    Raises `ArchiveError` naming list and key: for a missing or empty list of a split that has images, for a row that is not like
    the official ones, contradicts the folder, or contradicts another row of the same image.
    """
    metas: dict[str, Meta] = {}
    for split in SPLITS:
        list_path = f"{METAS}/{split}_label.json"
        has_images = any(path.startswith(f"Data/{split}/") for path in tree.sizes)
        if list_path not in tree.sizes and not has_images:
            continue
        file = tree.file(list_path)
        rows = _read_pairs(file)
        if has_images and not rows:
            raise ArchiveError(f"{file}: an empty list, though Data/{split} has images; {RESTORE}")
        for key, row in rows:
            meta = _parse_row(f"{file}: {key[:80]!r}", key, row)
            if metas.setdefault(key.rpartition(".")[0], meta) != meta:
                raise ArchiveError(f"{file}: {key[:80]!r}: another row of this image differs; {RESTORE}")
    return metas


def _read_pairs(file: Path) -> tuple[tuple[str, Any], ...]:
    """Return the keys of a list with their values, those of a repeated key too."""
    if not file.is_file():
        raise ArchiveError(f"{file}: missing label list; {REMEDY}")
    try:
        pairs = json.loads(file.read_text(encoding="utf-8-sig"), object_pairs_hook=tuple)
    except (OSError, ValueError, RecursionError) as error:
        raise ArchiveError(f"{file}: not JSON ({error}); {RESTORE}") from None
    if not isinstance(pairs, tuple):
        raise ArchiveError(f"{file}: not a JSON object of images; {RESTORE}")
    return pairs


def _parse_row(where: str, key: str, row: Any) -> Meta:
    """Return type, illumination and environment of a row. Raises `ArchiveError` that begins with `where`."""
    match = _NAME.fullmatch(key)
    if not match:
        raise ArchiveError(f"{where}: not like 'Data/train/4980/spoof/000003.jpg'; {RESTORE}")
    if not isinstance(row, list) or len(row) != VALUES or set(map(type, row)) != {int}:
        raise ArchiveError(f"{where}: not a row of {VALUES} whole numbers; {RESTORE}")
    kind, illumination, environment, label = row[ATTRIBUTES:]
    in_range = kind in (0, *TYPES) and 0 <= illumination < len(ILLUMINATIONS) and 0 <= environment < len(ENVIRONMENTS)
    if not in_range or label not in (0, 1):
        raise ArchiveError(f"{where}: unknown type, illumination, environment or label: {row[ATTRIBUTES:]}; {RESTORE}")
    if (label == 1) != (match["word"] == "spoof") or (label == 1) != (kind > 0):
        raise ArchiveError(
            f"{where}: type {kind} and label {label} (1 is spoof) contradict the folder {match['word']}; {RESTORE}"
        )
    return kind, illumination, environment


def read(tree: Tree) -> Reading:
    """Read an official tree.

    Exclusions are images in no list and those of the junk folder, both by design, each listed image that is absent, and the
    attacks of a listing.
    """
    metas = read_metas(tree) if tree.on_disk else None
    present: set[str] = set()

    def interpret(path: str) -> Presentation | Exclusion:
        if f"/{JUNK_FOLDER}/" in f"/{path}":
            return Exclusion(path, IN_JUNK, by_design=True)
        name = parse_name(path)
        if metas is None and name.word == "spoof":
            return Exclusion(path, TYPE_UNKNOWN)
        if metas is None:
            return presentation(name, LIVE_META)
        stem = path.rpartition(".")[0]
        if stem not in metas:
            return Exclusion(path, IN_NO_LIST, by_design=True)
        present.add(stem)
        return presentation(name, metas[stem])

    lists = {path for path in tree.sizes if path.startswith("metas/")}
    reading = reader.read(tree, interpret, SUFFIXES, ".txt", lists)
    absent = sorted((metas or {}).keys() - present)
    missing = [Exclusion(stem, f"listed in {METAS}, but absent; unpack the archive again") for stem in absent]
    told = () if metas is None else SPLITS  # a listing tells no attack, so that none lacks any
    return Reading(reading.presentations, reading.exclusions + missing, splits=told)


def _image_size(path: Path) -> tuple[int, int]:
    """Return width and height from an image's header."""
    try:
        with Image.open(path) as image:
            return image.size
    except (OSError, ValueError, Image.DecompressionBombError):
        raise ArchiveError(f"{path}: no readable image, so its box has no scale; restore the image") from None


def boxes(root: Path, path: str) -> dict[int, Box] | None:
    """Return frame 0 -> face box from the first line of an image's _BB.txt file.

    None without a file, and for a box that is empty, negative or of size zero. Raises `ArchiveError` for other text.
    """
    sidecar = root / f"{path.rpartition('.')[0]}_BB.txt"
    if not sidecar.is_file():
        sidecar = sidecar.with_suffix(".TXT")
    if not sidecar.is_file():
        return None
    text = sidecar.read_text(encoding="utf-8-sig", errors="replace").strip()
    if not text:
        return None
    line = text.splitlines()[0]
    try:
        x, y, w, h, _ = [float(value) for value in line.split()]
    except ValueError:
        x = y = w = h = math.nan
    if not all(map(math.isfinite, (x, y, w, h))):
        raise ArchiveError(f"{sidecar}, line 1: {line[:60]!r} is not 'x y w h score'; restore the file or delete it")
    if min(x, y) < 0 or min(w, h) <= 0:
        return None
    width, height = _image_size(root / path)
    box = (round(x * width / GRID), round(y * height / GRID), round(w * width / GRID), round(h * height / GRID))
    return {0: box} if min(box[2:]) > 0 else None


eyes = layout.not_carried
rotation = layout.rotation_unknown


@dataclasses.dataclass(frozen=True, slots=True)
class Size:
    """Subjects of each split of a small archive, live images of each, and images of each of the ten types of attack on each."""

    train: int
    test: int
    live: int
    per_type: int


def plan(size: Size) -> list[Presentation]:
    """Return the presentations of a small archive; illuminations and environments take turns over a subject's attacks.

    Raises `ArchiveError` where the official archive has fewer subjects or images.
    """
    subjects = size.train + size.test
    images = subjects * (size.live + size.per_type * len(TYPES))
    if subjects > SUBJECTS or images > IMAGES:
        raise ArchiveError(
            f"params.yaml: archives.datasets.celeba_spoof: {images} images of {subjects} subjects;"
            f" there are {IMAGES} of {SUBJECTS}"
        )
    rows: list[Presentation] = []
    for subject in range(1, subjects + 1):
        split = "train" if subject <= size.train else "test"
        for _ in range(size.live):
            rows.append(presentation(Name(split, subject, "live", len(rows) + 1), LIVE_META))
        kinds = [kind for kind in TYPES for _ in range(size.per_type)]
        for turn, kind in enumerate(kinds):
            meta = (kind, 1 + turn % 4, 1 + turn // 4 % 2)
            rows.append(presentation(Name(split, subject, "spoof", len(rows) + 1), meta))
    return rows


def write_sidecar(root: Path, path: str, faces: dict[int, Box], eyes: dict[int, Eyes]) -> None:
    """Write the _BB.txt file of an image that is on disk: whole numbers on the grid, with the score 1."""
    del eyes
    if 0 not in faces:
        return
    width, height = _image_size(root / path)
    x, y, w, h = faces[0]
    grid = (round(x * GRID / width), round(y * GRID / height), round(w * GRID / width), round(h * GRID / height))
    write_text(root / f"{path.rpartition('.')[0]}_BB.txt", f"{' '.join(map(str, grid))} 1.0\n")


def write_lists(root: Path, presentations: list[Presentation]) -> None:
    """Write the two lists of the intra-dataset protocol; CelebA's attributes are 0."""
    number_of = {word: number for number, (word, _) in TYPES.items()}
    for split in SPLITS:
        rows: dict[str, list[int]] = {}
        for shown in (shown for shown in presentations if shown.split == split):
            numbers = [0, 0, 0, 0]
            if shown.label is Label.ATTACK:
                illumination, environment = shown.camera.split("/")
                numbers = [number_of[shown.instrument], ILLUMINATIONS.index(illumination), ENVIRONMENTS.index(environment), 1]
            rows[shown.path] = [0] * ATTRIBUTES + numbers
        write_text(root / METAS / f"{split}_label.json", json.dumps(rows))
