"""Files of others' weights, read only if their hash is the one that was recorded for them."""

from __future__ import annotations

from pathlib import Path

from fasrepro.hashing import sha256_bytes
from fasrepro.peers.catalogue import PeerError


def read(path: Path, sha256: str, remedy: str) -> bytes:
    """Return a file's bytes. Raises `PeerError` with the remedy where it is missing or has another hash."""
    if not path.is_file():
        raise PeerError(f"{path}: missing; {remedy}")
    data = path.read_bytes()
    if sha256_bytes(data) != sha256:
        raise PeerError(f"{path}: its SHA-256 is {sha256_bytes(data)}, not {sha256}; {remedy}")
    return data
