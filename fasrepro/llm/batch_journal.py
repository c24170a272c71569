"""Batches that were planned or sent and not yet collected: an append-only file of JSON lines beside the store.

A batch is written down before it is sent, with a token that goes with it, so that one whose id was lost to a kill is found again
at the server and is not paid for twice.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

FILE = "batches.jsonl"


@dataclasses.dataclass(slots=True)
class Batch:
    """What was asked, of whom, and the server's id, "" before it is known.

    `requests` gives by key what the store record says of its request, and the "most" tokens that it may use. `file` is the
    server's id of the requests.
    """

    token: str
    host: str
    model: str
    requests: dict[str, dict[str, Any]]
    id: str = ""
    file: str = ""


def note(folder: Path, token: str, **fields: Any) -> None:
    """Add what is now known of a batch, and return when it is on the disk."""
    line = json.dumps({"token": token, **fields}, ensure_ascii=False, sort_keys=True) + "\n"
    path = folder / FILE
    torn = path.is_file() and path.stat().st_size > 0 and path.read_bytes()[-1:] != b"\n"
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + line if torn else line)
        file.flush()
        os.fsync(file.fileno())


def planned(folder: Path, batch: Batch) -> None:
    """Note a batch that is about to be sent."""
    note(folder, batch.token, host=batch.host, model=batch.model, requests=batch.requests)


def batches(folder: Path) -> list[Batch]:
    """Return the batches that are not collected, in the order in which they were planned."""
    found: dict[str, Batch] = {}
    path = folder / FILE
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            known = json.loads(line)
            token = known.pop("token")
        except (ValueError, KeyError):
            continue  # torn by a kill: of a batch that was then not sent, or is found again by its token
        if known.get("ended"):
            found.pop(token, None)
        elif "requests" in known:
            found[token] = Batch(token, **known)
        elif token in found:
            found[token].id, found[token].file = known.get("id", found[token].id), known.get("file", found[token].file)
    return list(found.values())


def stamp(folder: Path) -> tuple[int, int]:
    """Return what changes when the list of batches does."""
    path = folder / FILE
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else (0, 0)


def said(folder: Path, batch: Batch) -> str:
    """Say that what is to be asked is under way in `batch`, and how to go on."""
    return (
        f"what is to be asked is under way in a batch at {batch.host}: with annotator.base_url there, `fasrepro annotate --batch`"
        f" collects it, or sends it if it never arrived; {given_up(folder, batch)}"
    )


def given_up(folder: Path, batch: Batch) -> str:
    """Say how a batch is forgotten that cannot be collected any more."""
    return f"to give up what was paid for it, delete the lines with {batch.token} from {folder / FILE}"
