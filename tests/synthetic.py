"""Settings of a small synthetic world, for tests that draw it."""

from __future__ import annotations

import dataclasses
from typing import Any

from fasrepro import config
from fasrepro.archives.layout import Presentation
from fasrepro.config import Synthetic
from fasrepro.simulation import archive_writer
from tests.layout import ROOT

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


def default_plan() -> list[Presentation]:
    """Return the presentations of the default profile's archives."""
    return archive_writer.plan(config.load("archives", path=ROOT / "params.yaml").archives.datasets)
