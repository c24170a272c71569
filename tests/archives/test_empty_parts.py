"""A class, a split or a list that is empty is named, also in data sets of which no split's counts are published."""

from collections.abc import Callable
from pathlib import Path

import pytest

from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import ArchiveError, Presentation
from fasrepro.archives.tree import walk
from fasrepro.data import index, inspection
from fasrepro.rows.faces import Label
from tests.archives import empty_trees

UNPUBLISHED = ("celeba_spoof", "hifimask", "rose_youtu", "siw_m")


def test_these_are_the_data_sets_without_published_splits() -> None:
    assert {name for name, official in ARCHIVES.items() if not any(official.PUBLISHED.values())} == {*UNPUBLISHED}


@pytest.mark.parametrize("name", UNPUBLISHED)
@pytest.mark.parametrize(
    ("gone", "lacks"),
    [
        (lambda shown: shown.split == "train", "no bona fide presentation in train"),
        (lambda shown: shown.split == "test", "no bona fide presentation in test, no attack in test"),
        (lambda shown: shown.label is Label.BONA_FIDE and shown.split == "test", "no bona fide presentation in test"),
        (lambda shown: shown.label is Label.ATTACK and shown.split == "test", "no attack in test"),
    ],
)
def test_a_split_or_a_class_that_is_gone_is_an_error(
    name: str, gone: Callable[[Presentation], bool], lacks: str, tmp_path: Path
) -> None:
    for shown in empty_trees.write(tmp_path / "copy", name, empty_trees.SMALL[name]):
        if gone(shown):
            (tmp_path / "copy" / shown.path).unlink()
    [found] = inspection.inspect(walk(tmp_path))
    assert lacks in ", ".join(found.lacks) and not found.is_whole
    with pytest.raises(index.IndexingError, match=f"{lacks}.*; restore the official tree"):
        index.read_archive(tmp_path, name)


@pytest.mark.parametrize("name", UNPUBLISHED)
def test_a_copy_with_all_its_classes_lacks_none(name: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    assert inspection.lacks(name, ARCHIVES[name].read(walk(tmp_path))) == []


@pytest.mark.parametrize(
    ("name", "file", "empty", "message"),
    [
        ("wfas", "train.list", "\n", "train.list: an empty list; restore"),
        (
            "celeba_spoof",
            "metas/intra_test/train_label.json",
            "{}",
            "train_label.json: an empty list, though Data/train has images",
        ),
    ],
)
def test_an_empty_list_is_an_error(name: str, file: str, empty: str, message: str, tmp_path: Path) -> None:
    empty_trees.write(tmp_path, name, empty_trees.SMALL[name])
    (tmp_path / file).write_text(empty)
    with pytest.raises(ArchiveError, match=message):
        ARCHIVES[name].read(walk(tmp_path))
