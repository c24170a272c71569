"""The formats in which a data set may lie on disk; params.yaml's `archives.formats` names those that are not the official one.

- "" for the official layout;
- `CROPS` for a folder of crops, in one of `crop_folders.CONVENTIONS`;
- the path of a CSV file, relative to the folder of archives, for files that a manifest describes.
"""

from __future__ import annotations

from pathlib import Path

from fasrepro.archives import archive, crop_folders, locate, manifest
from fasrepro.archives.layout import ArchiveError, Reading
from fasrepro.archives.tree import Tree, walk

CROPS = "crops"


def is_manifest(form: str) -> bool:
    """Return whether a format is the path of a manifest."""
    return form.lower().endswith(".csv")


def tree_of(folder: Path, name: str, form: str) -> Tree:
    """Return the files of a data set in one of the formats.

    Raises:
        ArchiveError: the format or the data set is unknown, or `folder` does not hold the data set in this format.
    """
    if form == CROPS:
        return _crops(folder, name)[1]
    if is_manifest(form):
        return walk(_manifest(folder, name, form).parent)
    if form:
        raise ArchiveError(f"params.yaml: archives.formats.{name}: {form!r} is neither {CROPS} nor the path of a .csv file")
    return locate.tree_of(folder, name)


def read(folder: Path, name: str, form: str) -> tuple[Path, Reading]:
    """Return where a data set lies, and what is read there; all paths of the reading are relative to that place.

    Raises:
        ArchiveError: as `tree_of` does, and for what the data set's reader refuses.
    """
    if form == CROPS:
        convention, tree = _crops(folder, name)
        return tree.root, crop_folders.reading(tree, convention)
    if is_manifest(form):
        file = _manifest(folder, name, form)
        return file.parent, manifest.read(file, name)
    tree = tree_of(folder, name, form)
    return tree.root, archive(name).read(tree)


def _crops(folder: Path, name: str) -> tuple[str, Tree]:
    archive(name)  # refuses an unknown data set
    return crop_folders.of_dataset(walk(folder), name)


def _manifest(folder: Path, name: str, form: str) -> Path:
    file = folder / form
    if not file.is_file():
        raise ArchiveError(f"{file}: no such file; put the manifest of {name} there, or correct archives.formats.{name}")
    return file
