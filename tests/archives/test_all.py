"""Every archive: a tree of the official shape and size is found and read to the published numbers."""

import collections
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from fasrepro import archives
from fasrepro.archives import ARCHIVES, hifimask, locate, msu, replay, rose_youtu
from fasrepro.archives.layout import Presentation
from fasrepro.archives.tree import Tree, walk
from fasrepro.data import inspection
from fasrepro.datasets import DATASETS
from fasrepro.rows.faces import Label
from fasrepro.vocabulary import SPECIES
from tests.archives import empty_trees

# The size at which a plan has every video of the release.
WHOLE: dict[str, dict[str, Any]] = {
    "casia": {"train": 20, "test": 30},
    "oulu": {"train": 20, "dev": 15, "test": 20, "phones": 6, "sessions": 3},
    "siw_mv2": {"share": 1.0},
    "siw": {"train": 90, "test": 75},  # the paper's 1,320 and 3,300 videos: the release lacks 7 and 144
    "hkbu": {"subjects": 12, "cameras": 7, "lights": 6},
    "wmca": {"share": 1.0},
    "surf_3dmask": {"subjects": 48},
    "threedmad": {"subjects": 17, "takes": 5},
    "casia_surf": {"train": 300, "dev": 100, "test": 600},  # three attacks on everybody: the release lacks 9 in Testing
    "cefa": {"train": 200, "dev": 100, "test": 200, "masks": 99, "silicone": 8},  # masks alike: the release lacks 113 videos
}
# Data sets whose counts by split are not known, or are of millions.
OTHERS = {
    "hifimask": "total alone: test_hifimask_has_its_published_total",
    "rose_youtu": "total alone: test_rose_youtu_has_its_published_total",
    "celeba_spoof": "from a listing: benchmarks/listings.py",
    "wfas": "from a listing: benchmarks/listings.py",
    "siw_m": "no count is known to us",
}


# The videos of a client, of the releases whose clients are known by number: a plan numbers them from 1.
OF_CLIENT: dict[str, Callable[[str, int], list[Presentation]]] = {
    "msu": lambda split, client: msu.of_client(client, split),
    "replay": replay.of_client,
}


def of_release(name: str) -> list[Presentation]:
    """Return the whole release: its clients, or a plan without what the paper has more: the last videos of who has most."""
    if name in OF_CLIENT:
        clients_of = ARCHIVES[name].CLIENTS
        return [shown for part, clients in clients_of.items() for client in clients for shown in OF_CLIENT[name](part, client)]
    numbers: collections.Counter[tuple[str, Label]] = collections.Counter()
    groups: dict[tuple[str, Label], list[tuple[int, Presentation]]] = collections.defaultdict(list)
    for shown in archives.plan(name, WHOLE[name]):
        numbers[shown.subject, shown.label] += 1
        groups[shown.split, shown.label].append((numbers[shown.subject, shown.label], shown))
    kept = []
    for (split, label), group in groups.items():
        _, bona_fide, attacks = ARCHIVES[name].PUBLISHED[split]
        in_turn = sorted(group, key=lambda numbered: numbered[0])
        kept += [shown for _, shown in in_turn[: attacks if label is Label.ATTACK else bona_fide]]
    return kept


@pytest.mark.parametrize("name", [*OF_CLIENT, *WHOLE])
def test_a_tree_of_official_size_is_read_to_the_published_numbers(name: str, tmp_path: Path) -> None:
    empty_trees.put(tmp_path / "disk" / "copy", name, of_release(name))
    [found] = inspection.inspect(walk(tmp_path))
    assert (found.dataset, found.folders, found.error, found.exclusions) == (name, ["disk/copy"], "", [])
    counted = {count.split: (count.subjects, count.bona_fide, count.attacks) for count in found.counts}
    published = ARCHIVES[name].PUBLISHED
    # A count of no subjects stands for one that is not published.
    assert counted == {split: (numbers[0] or counted[split][0], *numbers[1:]) for split, numbers in published.items()}
    assert (found.lacks, found.absent, found.absent_subjects, found.fewer) == ([], [], 0, [])
    assert found.missing == [] and found.is_counted
    assert {shown.species for shown in found.presentations} <= {"bona_fide", *ARCHIVES[name].PAI_SPECIES}


def test_hifimask_has_its_published_total(tmp_path: Path) -> None:
    """The lists alone lie on disk."""
    plan = hifimask.plan(hifimask.Size(train=45, dev=6, test=24, conditions=26, sensors=7))
    hifimask.write_lists(tmp_path, plan)
    lists = walk(tmp_path).sizes
    reading = hifimask.read(Tree(tmp_path, dict.fromkeys([shown.path for shown in plan], 0) | lists))
    assert (len({shown.subject for shown in reading.presentations}), len(reading.presentations)) == hifimask.TOTALS
    assert reading.exclusions == []


def test_rose_youtu_has_its_published_total(tmp_path: Path) -> None:
    """A plan has fewer videos than the release, whose numbers of each kind are not known: here each person has enough numbers."""

    def names() -> Iterator[rose_youtu.Name]:
        for number in itertools.count(1):
            for split, persons in rose_youtu.PERSONS.items():
                for person in persons:
                    kind = list(rose_youtu.KINDS)[number % len(rose_youtu.KINDS)]
                    yield rose_youtu.Name(split, kind, "NT", "5s", "wg", "E", person, number)

    subjects, total = rose_youtu.TOTALS
    empty_trees.put(tmp_path, "rose_youtu", [rose_youtu.presentation(name) for name in itertools.islice(names(), total)])
    presentations = rose_youtu.read(locate.tree_of(tmp_path, "rose_youtu")).presentations
    assert (len({shown.subject for shown in presentations}), len(presentations)) == (subjects, total)


def test_every_archive_is_counted_here_or_has_a_reason() -> None:
    counted = WHOLE.keys() | OF_CLIENT.keys()
    assert not counted & OTHERS.keys()
    assert counted | OTHERS.keys() == ARCHIVES.keys()


@pytest.mark.parametrize("name", ARCHIVES)
def test_a_data_set_has_a_title_species_of_the_taxonomy_and_a_small_archive(name: str) -> None:
    assert ARCHIVES[name].PAI_SPECIES and set(ARCHIVES[name].PAI_SPECIES) <= SPECIES.keys() - {"bona_fide"}
    assert len(set(ARCHIVES[name].PAI_SPECIES)) == len(ARCHIVES[name].PAI_SPECIES)
    assert DATASETS[name].title and DATASETS[name].media in ("video", "image")
    plan = archives.plan(name, empty_trees.SMALL[name])
    assert {shown.label for shown in plan} == set(Label)
    assert {shown.species for shown in plan} <= {"bona_fide", *ARCHIVES[name].PAI_SPECIES}
