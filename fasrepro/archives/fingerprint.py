"""What lies in the archives, as hashes and counts: the index depends on this file alone, so nothing licensed is ever copied."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fasrepro.archives import ARCHIVES, layout
from fasrepro.hashing import sha256_file, sha256_json

VIDEOS = (".mp4", ".mov", ".avi")


def fingerprint(folder: Path, contents: bool) -> dict[str, Any]:
    """Return for each data set under `folder` its files' number and size, and a hash over the sorted list of path and size.

    With `contents` the hash covers each file's bytes too: right for archives made here, slow for terabytes.
    Raises `ArchiveError` where no data set's folder is there.
    """
    found: dict[str, Any] = {}
    for name, archive in ARCHIVES.items():
        root = folder / archive.FOLDER
        if not root.is_dir():
            continue
        rows: list[list[Any]] = []
        for path in layout.files(root):
            size = (root / path).stat().st_size
            rows.append([path, size, sha256_file(root / path)] if contents else [path, size])
        found[name] = {
            "root": archive.FOLDER,
            "files": len(rows),
            "videos": sum(row[0].lower().endswith(VIDEOS) for row in rows),
            "bytes": sum(row[1] for row in rows),
            "list_sha256": sha256_json(rows),
        }
    if not found:
        known = ", ".join(archive.FOLDER for archive in ARCHIVES.values())
        raise layout.ArchiveError(f"{folder}: none of {known} is there; put at least one official archive under that name")
    return found
