"""The batches that were planned or sent and are not collected yet: an append-only file of JSON lines beside the store.

A batch is noted before it is sent, with a token that travels with it. If its id is lost to a kill, the batch is found at the
server by that token, and is not paid for twice.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from fasrepro.llm.types import shown_host, shown_url

FILE = "batches.jsonl"


@dataclasses.dataclass(slots=True)
class Batch:
    """One batch.

    Args:
        token: ours, sent along as metadata.
        host: of the server; also "this machine".
        model: that is asked.
        requests: by key, what the store keeps of the request, and under "most" the tokens that it may take.
        id: the server's, "" until it is known.
        file: the server's id of the file of requests, "" until it is known.
        url: of the server, without any secret; "" in journals from before it was noted.
    """

    token: str
    host: str
    model: str
    requests: dict[str, dict[str, Any]]
    id: str = ""
    file: str = ""
    url: str = ""


def note(folder: Path, token: str, **fields: Any) -> None:
    """Add what is now known of a batch; return when it is on the disk."""
    line = json.dumps({"token": token, **fields}, ensure_ascii=False, sort_keys=True) + "\n"
    path = folder / FILE
    torn = path.is_file() and path.stat().st_size > 0 and path.read_bytes()[-1:] != b"\n"
    with path.open("a", encoding="utf-8") as file:
        file.write("\n" + line if torn else line)
        file.flush()
        os.fsync(file.fileno())


def note_planned(folder: Path, batch: Batch) -> None:
    """Note a batch that is about to be sent."""
    note(folder, batch.token, host=batch.host, url=batch.url, model=batch.model, requests=batch.requests)


def batches(folder: Path) -> list[Batch]:
    """Return the batches that are not collected, in the order in which they were planned."""
    open_batches: dict[str, Batch] = {}
    path = folder / FILE
    for line in path.read_text(encoding="utf-8").splitlines() if path.is_file() else ():
        try:
            fields = json.loads(line)
            token = fields.pop("token")
        except (ValueError, KeyError):
            continue  # torn by a kill: that batch was never sent, or its token still leads to it
        if fields.get("ended"):
            open_batches.pop(token, None)
        elif "requests" in fields:
            open_batches[token] = Batch(token, **fields)
        elif token in open_batches:
            batch = open_batches[token]
            batch.id, batch.file = fields.get("id", batch.id), fields.get("file", batch.file)
    return list(open_batches.values())


def is_at(batch: Batch, base_url: str) -> bool:
    """Return whether a batch was sent to the server at `base_url`: each port and path is a server.

    Of a batch from before URLs were noted only the host is known.
    """
    return batch.url == server_url(base_url) if batch.url else batch.host == shown_host(base_url)


def server_url(base_url: str) -> str:
    """Return what a batch notes of its server's URL."""
    return shown_url(base_url).rstrip("/")


def stamp(folder: Path) -> tuple[int, int]:
    """Return a value that changes whenever the journal does."""
    path = folder / FILE
    return (path.stat().st_mtime_ns, path.stat().st_size) if path.is_file() else (0, 0)


def in_flight_message(folder: Path, batch: Batch) -> str:
    """Return the message for a request that is already in `batch`, with how to go on."""
    return (
        f"this request is already in a batch at {batch.url or batch.host}: with annotator.base_url there, `fasrepro"
        f" annotate --batch` collects it, or sends it if it never arrived; {abandon_hint(folder, batch)}"
    )


def abandon_hint(folder: Path, batch: Batch) -> str:
    """Return how to forget a batch that can no longer be collected."""
    return f"to give up what was paid for it, delete the lines with {batch.token} from {folder / FILE}"
