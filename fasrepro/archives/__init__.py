"""The archives this project reads and, small and synthetic, writes: one module each, with the same functions.

`format_name`, `parse_name` (the codec), `read`, `boxes`, `eyes` (the reader), `plan`, `write_sidecar`, `write_lists` (the
writer), and `rotation`, which both go by: the quarter turns, counter-clockwise as np.rot90 counts them, that make a stored frame
upright.
"""

from __future__ import annotations

from types import ModuleType

from fasrepro import names
from fasrepro.archives import casia, msu, oulu, replay, siw
from fasrepro.archives.layout import ArchiveError

ARCHIVES: dict[str, ModuleType] = {"msu": msu, "casia": casia, "replay": replay, "oulu": oulu, "siw": siw}


def archive(name: str) -> ModuleType:
    """Return an archive's module; raises `ArchiveError` that names the known ones."""
    return names.lookup(ARCHIVES, name, "archive", ArchiveError)
