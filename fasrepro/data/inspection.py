"""What of a data set is in a folder, beside what its release holds."""

from __future__ import annotations

import collections
import dataclasses
import statistics
from collections.abc import Callable, Container, Iterable
from pathlib import Path

from fasrepro.archives import ARCHIVES, locate
from fasrepro.archives.layout import ArchiveError, Exclusion, Presentation, Reading
from fasrepro.archives.tree import Tree
from fasrepro.data.frames import VideoError, stream
from fasrepro.hashing import sha256_file
from fasrepro.rows.faces import SPLITS, Label

SMALL = 0.4  # of the median size of its like; a smaller file was probably cut off
LEAST_LIKE = 6  # files of one species and camera, for their median to mean anything


@dataclasses.dataclass(frozen=True)
class Count:
    """Subjects and presentations of a split; `published` are those of the release, None where they are not known."""

    split: str
    subjects: int
    bona_fide: int
    attacks: int
    published: tuple[int, int, int] | None


@dataclasses.dataclass(frozen=True)
class Inspection:
    """A data set as it was found.

    Args:
        dataset: key of `ARCHIVES`.
        folders: where it lies, relative to the folder that was inspected.
        presentations: as they were read.
        error: why it cannot be read; "" if it can.
        counts: one a split that the release or the folder has.
        lacks: classes and splits of the release without any presentation.
        absent: subjects that the release has more, where it is known who they are.
        fewer: how many presentations the release has more, in words.
        missing: official paths of presentations that the release has of the subjects at hand.
        small: files much smaller than their like, on disk.
        exclusions: files that give no face, but those that the official archive holds by design.
        notices: what the archive lacks and can do without.
    """

    dataset: str
    folders: list[str]
    presentations: list[Presentation] = dataclasses.field(default_factory=list)
    error: str = ""
    counts: list[Count] = dataclasses.field(default_factory=list)
    lacks: list[str] = dataclasses.field(default_factory=list)
    absent: list[str] = dataclasses.field(default_factory=list)
    fewer: list[str] = dataclasses.field(default_factory=list)
    missing: list[str] = dataclasses.field(default_factory=list)
    small: list[str] = dataclasses.field(default_factory=list)
    exclusions: list[Exclusion] = dataclasses.field(default_factory=list)
    notices: list[str] = dataclasses.field(default_factory=list)

    @property
    def absent_subjects(self) -> int:
        """How many subjects the release has more, over all splits."""
        return sum(max(count.published[0] - count.subjects, 0) for count in self.counts if count.published)

    @property
    def is_whole(self) -> bool:
        """Whether it can be read and nothing is missing, as far as the release's counts are known, too small or left over."""
        incomplete = self.lacks or self.absent_subjects or self.absent or self.fewer or self.missing
        return not (self.error or incomplete or self.small or self.exclusions)

    @property
    def is_counted(self) -> bool:
        """Whether it is known how many presentations the release has."""
        return hasattr(ARCHIVES[self.dataset], "TOTALS") or all(count.published for count in self.counts)


def inspect(tree: Tree) -> list[Inspection]:
    """Return what a folder or a listing holds of each data set that is found in it, in the order of `ARCHIVES`."""
    folders = locate.folders(tree)
    result = []
    for dataset, own in locate.located(tree, folders).items():
        try:
            reading = ARCHIVES[dataset].read(own)
        except ArchiveError as error:
            result.append(Inspection(dataset, folders[dataset], error=str(error)))
            continue
        counted = counts(dataset, reading.presentations)
        result.append(
            Inspection(
                dataset,
                folders[dataset],
                reading.presentations,
                counts=counted,
                lacks=lacks(dataset, reading),
                absent=absent(dataset, reading.presentations),
                fewer=fewer(dataset, counted, reading, own.sizes),
                missing=missing(dataset, reading.presentations),
                small=small_files(reading.presentations, tree.sizes),
                exclusions=[one for one in reading.exclusions if not one.by_design],
                notices=reading.notices,
            )
        )
    return result


def counts(dataset: str, presentations: Iterable[Presentation]) -> list[Count]:
    """Return the counts of each split that the release or the presentations have."""
    rows: dict[str, list[Presentation]] = collections.defaultdict(list)
    for shown in presentations:
        rows[shown.split].append(shown)
    published = ARCHIVES[dataset].PUBLISHED if dataset in ARCHIVES else {}
    return [
        Count(
            split,
            subjects=len({shown.subject for shown in rows[split]}),
            bona_fide=sum(shown.label is Label.BONA_FIDE for shown in rows[split]),
            attacks=sum(shown.label is Label.ATTACK for shown in rows[split]),
            published=published.get(split),
        )
        for split in SPLITS
        if split in published or split in rows
    ]


def has_dev(presentations: Iterable[Presentation]) -> bool:
    """Return whether presentations have an official dev split."""
    return any(shown.split == "dev" for shown in presentations)


def lacks(dataset: str, reading: Reading) -> list[str]:
    """Return the classes that a split should have and that a reading lacks, in words.

    Those of the release's splits, but a dev split of which nothing is published: without it the test people of a source choose
    thresholds, which is said with the experiments. Of crops and manifests, those of the splits that such a copy has.
    """
    without_attacks = getattr(ARCHIVES.get(dataset), "WITHOUT_ATTACKS", ())
    expected = [
        count
        for count in counts(dataset, reading.presentations)
        if count.split in reading.splits
        if count.published or reading.files or count.subjects or count.split != "dev"
    ]
    return [
        f"no {name} in {count.split}"
        for count in expected
        for name, here in (("bona fide presentation", count.bona_fide), ("attack", count.attacks))
        if not here and not (name == "attack" and count.split in without_attacks)
    ]


def absent(dataset: str, presentations: Iterable[Presentation]) -> list[str]:
    """Return the subjects of the release without any presentation; none for a data set whose subjects are not known."""
    people: Callable[[], list[str]] = getattr(ARCHIVES[dataset], "people", list)
    present = {shown.subject for shown in presentations}
    return [subject for subject in people() if subject not in present]


def fewer(dataset: str, counted: Iterable[Count], reading: Reading, files: Container[str]) -> list[str]:
    """Return how many presentations the release has more, in words: by split, or in total where no split is published.

    Args:
        dataset: key of `ARCHIVES`.
        counted: what `counts` returns of it.
        reading: of it.
        files: of its tree, by official paths. Of a total, files that were left out are a part.
    """
    if hasattr(ARCHIVES[dataset], "TOTALS"):
        left_out = sum(one.path in files for one in reading.exclusions)
        here = (len({shown.subject for shown in reading.presentations}), len(reading.presentations) + left_out)
        words = ("subjects", "presentations")
        return [
            f"{known - own} {word}" for own, known, word in zip(here, ARCHIVES[dataset].TOTALS, words, strict=True) if own < known
        ]
    return [
        f"{known - own} {word} in {count.split}"
        for count in counted
        if count.published
        for own, known, word in (
            (count.bona_fide, count.published[1], "bona fide"),
            (count.attacks, count.published[2], "attacks"),
        )
        if own < known
    ]


def missing(dataset: str, presentations: list[Presentation]) -> list[str]:
    """Return the official paths that the release has of the subjects at hand, and that are absent.

    None for a data set whose module does not know all presentations of a subject.
    """
    siblings: Callable[[Presentation], list[Presentation]] | None = getattr(ARCHIVES[dataset], "siblings", None)
    if siblings is None:
        return []
    one_each = {shown.subject: shown for shown in presentations}
    present = {shown.id for shown in presentations}
    return sorted(other.path for shown in one_each.values() for other in siblings(shown) if other.id not in present)


def small_files(presentations: Iterable[Presentation], sizes: dict[str, int]) -> list[str]:
    """Return the files of less than `SMALL` of the median size of their species and camera, and empty ones.

    Args:
        presentations: of the data set.
        sizes: in bytes, by path on disk. A listing without sizes has zeros, and then nothing is small.
    """
    if not any(sizes.values()):
        return []
    like: dict[tuple[str, str], list[tuple[str, int]]] = collections.defaultdict(list)
    for shown in presentations:
        like[shown.species, shown.camera].append((shown.path, sizes.get(shown.path, 0)))
    small = []
    for files in like.values():
        median = statistics.median(size for _, size in files)
        bound = SMALL * median if len(files) >= LEAST_LIKE else min(median, 1)
        small += [path for path, size in files if size < bound]
    return sorted(small)


def broken(root: Path, presentations: list[Presentation], show: Callable[[int], None]) -> list[Exclusion]:
    """Decode every file whole, and return those that cannot be, and each that has the bytes of one before it.

    Args:
        root: that their paths are relative to.
        presentations: to decode.
        show: takes how many are done.
    """
    faults = []
    first_of: dict[tuple[int, str], str] = {}
    for done, shown in enumerate(presentations, start=1):
        path = root / shown.path
        try:
            for _ in stream(path):
                pass
            identity = (path.stat().st_size, sha256_file(path))
            if first_of.setdefault(identity, shown.path) != shown.path:
                faults.append(Exclusion(shown.path, f"the same bytes as {first_of[identity]}"))
        except (VideoError, OSError) as error:
            faults.append(Exclusion(shown.path, str(error).replace(f"{root}/", "")))
        show(done)
    return faults
