"""Protocols that papers and data sets publish, by name: `published_protocols.yaml`, which states the source of each."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from fasrepro import schema
from fasrepro.data.protocols import ProtocolError, Sides

FILE = Path(__file__).with_suffix(".yaml")


@functools.cache
def published() -> dict[str, Sides]:
    """Return the published protocols by name. Raises `ProtocolError` naming the key that does not fit."""
    content: Any = yaml.safe_load(FILE.read_text(encoding="utf-8"))
    return schema.build(dict[str, Sides], content, FILE.name, ProtocolError)


def declared(own: Mapping[str, Sides]) -> dict[str, Sides]:
    """Return all declared protocols: the published ones, and those of params.yaml, which win over a published name."""
    return published() | dict(own)
