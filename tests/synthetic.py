"""Settings of a small synthetic world, for tests that draw it."""

from __future__ import annotations

import dataclasses
from typing import Any

from fasrepro.config import Synthetic

SMALL = Synthetic(
    seed=3,
    world="a",
    spurious_strength=0.5,
    people="procedural",
    frames=12,
    frame_rate=25,
    width=160,
    height=120,
    look_alike_rate=0.1,
)


def settings(**changes: Any) -> Synthetic:
    """Return the settings of a small world with some changes."""
    return dataclasses.replace(SMALL, **changes)
