"""The files of an archive as counts and a hash. The index depends on these alone, so nothing licensed enters the DVC cache."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import Any

from fasrepro.archives import formats, layout
from fasrepro.hashing import sha256_file, sha256_json


def fingerprint(folder: Path, name: str, contents: bool, form: str = "") -> dict[str, Any]:
    """Return the number and the size of a data set's files, and a hash over the sorted list of their paths and sizes.

    Args:
        folder: that holds the data set.
        name: of the data set.
        contents: whether the hash covers the bytes of each file too. Right for archives made here, slow for terabytes. Those of
            a manifest are always covered.
        form: a format of `formats`.

    Raises:
        ArchiveError: the data set or the format is unknown, or the data set is absent.
    """
    tree = formats.tree_of(folder, name, form)
    manifest = PurePosixPath(form).name if formats.is_manifest(form) else None
    rows: list[list[Any]] = []
    for path, size in tree.sizes.items():
        rows.append([path, size, sha256_file(tree.file(path))] if contents or path == manifest else [path, size])
    return {
        **({"format": form} if form else {}),
        "root": tree.root.name,
        "files": len(rows),
        "videos": sum(row[0].lower().endswith(layout.VIDEOS) for row in rows),
        "bytes": sum(row[1] for row in rows),
        "list_sha256": sha256_json(rows),
    }
