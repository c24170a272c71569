"""The files of an archive as counts and a hash. The index depends on these alone, so nothing licensed enters the DVC cache."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fasrepro.archives import layout, locate
from fasrepro.hashing import sha256_file, sha256_json


def fingerprint(folder: Path, name: str, contents: bool) -> dict[str, Any]:
    """Return the number and the size of a data set's files, and a hash over the sorted list of their paths and sizes.

    Args:
        folder: that holds the official tree.
        name: of the data set.
        contents: whether the hash covers the bytes of each file too. Right for archives made here, slow for terabytes.

    Raises:
        ArchiveError: the data set is unknown, or its folder is absent.
    """
    tree = locate.tree_of(folder, name)
    rows: list[list[Any]] = []
    for path, size in tree.sizes.items():
        rows.append([path, size, sha256_file(tree.file(path))] if contents else [path, size])
    return {
        "root": tree.root.name,
        "files": len(rows),
        "videos": sum(row[0].lower().endswith(layout.VIDEOS) for row in rows),
        "bytes": sum(row[1] for row in rows),
        "list_sha256": sha256_json(rows),
    }
