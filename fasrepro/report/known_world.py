"""What is known of a synthetic world because a program drew it: results/world, read and checked."""

from __future__ import annotations

import dataclasses
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from fasrepro import files
from fasrepro.vocabulary import CUES

PARTS = ("without", "with", "mask")  # of a cue's pair of pictures


class WorldError(ValueError):
    """Files of a world that do not fit together; the message names the file and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class KnownWorld:
    """What is known of a synthetic world, and how its cues look. Both parts are empty for licensed archives.

    Args:
        tables: what the world is drawn from, as world.json holds it.
        pairs: for each cue a picture without it, one with it (uint8 RGB), and where it is (0 or 1).
    """

    tables: Mapping[str, Any]
    pairs: Mapping[str, tuple[np.ndarray, ...]]


def load(tables: Path, pairs: Path) -> KnownWorld:
    """Read world.json and cue_pairs.npz.

    Raises:
        ValueError: naming the file that is missing or broken.
    """
    content = files.read_json(tables)
    try:
        with np.load(pairs) as file:
            arrays = {name: file[name] for name in file.files}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise WorldError(f"{pairs}: not a readable file of cue pairs ({error}); `dvc repro` writes it") from None
    expected = {f"{cue}_{part}" for cue in CUES for part in PARTS}
    cues = [cue for cue in CUES if any(f"{cue}_{part}" in arrays for part in PARTS)]
    missing = sorted({f"{cue}_{part}" for cue in cues for part in PARTS} - arrays.keys())
    unexpected = sorted(arrays.keys() - expected)
    if missing or unexpected:
        fault = f"{missing[0]} is missing" if missing else f"{unexpected[0]} is not a cue's picture"
        raise WorldError(f"{pairs}: {fault}; run `dvc repro --force` of the stage that writes it")
    return KnownWorld(content, {cue: tuple(arrays[f"{cue}_{part}"] for part in PARTS) for cue in cues})
