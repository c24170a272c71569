"""How long a store of a million replies takes to open: the first time, line by line, and then by its index.

`python -m benchmarks.reply_store [COUNT]`
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from fasrepro import hashing
from fasrepro.llm.store import SEGMENT, Store, line_of

REPLIES, SECONDS = 1_000_000, 5.0
TEXT = "The skin has natural texture, and the shadows follow the nose and the chin. " * 8


def write(folder: Path, count: int) -> None:
    """Write a store of so many replies."""
    request = {"model": "m", "prompt_version": "v", "image": "0" * 64, "seed": 1, "attempt": 0, "max_tokens": 600}
    usage = {"prompt_tokens": 400, "completion_tokens": 130}
    with (folder / SEGMENT).open("wb") as file:
        for number in range(count):
            record = {
                "key": hashing.sha256_json(number),
                "request": request,
                "text": TEXT,
                "finish_reason": "stop",
                "usage": usage,
            }
            file.write(line_of(record))


def opened(folder: Path) -> str:
    """Open a store; return how many replies it has, and the seconds that it took."""
    began, worked = time.perf_counter(), time.process_time()
    with Store(folder) as store:
        seconds, worked = time.perf_counter() - began, time.process_time() - worked
        return f"{len(store)} replies open in {seconds:.1f} s ({worked:.1f} s of a core)"


def main() -> None:
    """Print the seconds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else REPLIES
    with tempfile.TemporaryDirectory() as name:
        write(Path(name), count)
        print(f"{opened(Path(name))} the first time, line by line")
        print(f"{opened(Path(name))} with an index, asked: {SECONDS:.0f} s for {REPLIES}")


if __name__ == "__main__":
    main()
