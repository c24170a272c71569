"""Official trees of empty files: readers read names, lists and sidecars alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fasrepro import archives
from fasrepro.archives import ARCHIVES
from fasrepro.archives.layout import Presentation

# The sizes of a small archive of each data set.
SMALL: dict[str, dict[str, Any]] = {
    "msu": {"train": 1, "test": 2},
    "casia": {"train": 1, "test": 1},
    "replay": {"train": 1, "devel": 1, "test": 1},
    "oulu": {"train": 1, "dev": 1, "test": 1, "phones": 1, "sessions": 2},
    "siw_mv2": {"share": 0.001},
    "celeba_spoof": {"train": 1, "test": 1, "live": 1, "per_type": 1},
    "wfas": {"living": 1, "per_type": 1, "images": 1},
    "siw": {"train": 1, "test": 1},
    "hkbu": {"subjects": 1, "cameras": 1, "lights": 1},
    "hifimask": {"train": 1, "dev": 1, "test": 1, "conditions": 1, "sensors": 1},
    "wmca": {"share": 0.001},
    "surf_3dmask": {"subjects": 1},
    "rose_youtu": {"train": 1, "test": 1, "phones": 1},
    "threedmad": {"subjects": 1, "takes": 1},
    "siw_m": {"train": 1, "test": 1, "per_kind": 1},
    "casia_surf": {"train": 1, "dev": 1, "test": 1},
    "cefa": {"train": 1, "dev": 1, "test": 1, "masks": 1, "silicone": 1},
}


def write(root: Path, name: str, size: dict[str, Any]) -> list[Presentation]:
    """Write the official tree of a small archive into `root` and return its presentations."""
    plan = archives.plan(name, size)
    put(root, name, plan)
    return plan


def put(root: Path, name: str, presentations: list[Presentation]) -> None:
    """Write an official tree of these presentations, with its lists, into `root`."""
    for folder in {(root / shown.path).parent for shown in presentations}:
        folder.mkdir(parents=True, exist_ok=True)
    for shown in presentations:
        (root / shown.path).touch()
    ARCHIVES[name].write_lists(root, presentations)
