"""Seconds and memory to find and count the two data sets of millions of files in a listing of their names, at official size.

python -m benchmarks.listings [share of the files]

Each runs in a process of its own, as `fasrepro inspect --listing` does. Counts are printed beside the published ones.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from fasrepro.archives import celeba_spoof, wfas
from fasrepro.archives.tree import listed
from fasrepro.data import inspection

ROOT = Path(__file__).parents[1]
SECONDS, GIGABYTES = 60.0, 2.0  # allowed for each
WFAS_UNLABELLED = {"dev": 140_058, "test": 755_179}  # images, which the release does not label
FOLDER = 100  # images of a folder, in the listing of WFAS


def celeba_spoof_files(share: float) -> Iterator[str]:
    """Yield the paths of as many images as the release has, two thirds of them attacks, with their boxes, and of its lists."""
    subjects, images = celeba_spoof.TOTALS
    yield from (f"{celeba_spoof.METAS}/{split}_label.json" for split in celeba_spoof.SPLITS)
    for number in range(int(share * images)):
        subject = number % subjects + 1
        name = celeba_spoof.Name("train" if subject % 8 else "test", subject, "spoof" if number % 3 else "live", number)
        path = celeba_spoof.format_name(name)
        yield path
        yield path.replace(".jpg", "_BB.txt")


def wfas_files(share: float) -> Iterator[str]:
    """Yield the paths of as many images of either class and of dev and test as the release has, with their points."""
    _, living, attacks = wfas.PUBLISHED["train"]
    kinds = list(wfas.TYPES)
    for count, kinds_of in ((living, [wfas.LIVING]), (attacks, kinds)):
        for number in range(int(share * count)):
            kind, place = kinds_of[number % len(kinds_of)], number // len(kinds_of)
            path = wfas.format_name(wfas.Name(kind, f"{place // FOLDER:06d}", f"{place % FOLDER:06d}"))
            yield path
            yield path.replace(".jpg", ".txt")
    for folder, count in WFAS_UNLABELLED.items():
        yield from (f"{folder}/{number:06d}.jpg" for number in range(int(share * count)))


FILES: dict[str, Callable[[float], Iterator[str]]] = {"celeba_spoof": celeba_spoof_files, "wfas": wfas_files}


def measure(name: str, listing: Path) -> None:
    """Find and count a data set in its listing, in this process, and print what it cost."""
    began = time.perf_counter()
    tree = listed(listing)
    [found] = inspection.inspect(tree)
    seconds, held = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(
        f"{name}: {len(tree.sizes)} names in {seconds:.1f} s, {seconds / SECONDS:.2f} of the {SECONDS:.0f} s allowed; at most"
        f" {held:.2f} GB held, {held / GIGABYTES:.2f} of the {GIGABYTES:.0f} GB allowed"
    )
    for count in found.counts:
        published = f"; published {count.published}" if count.published else ""
        print(f"  {count.split}: {count.subjects} subjects, {count.bona_fide} bona fide, {count.attacks} attacks{published}")
    print(f"  {len(found.exclusions)} left out: {found.exclusions[0].reason if found.exclusions else 'none'}")


def main() -> None:
    """Write each listing and measure it in a process of its own; with a name and a file, measure that one here."""
    if len(sys.argv) > 2:
        measure(sys.argv[1], Path(sys.argv[2]))
        return
    share = float(sys.argv[1]) if len(sys.argv) > 1 else 1.0
    with tempfile.TemporaryDirectory() as folder:
        for name, files in FILES.items():
            listing = Path(folder) / f"{name}.txt"
            with listing.open("w", encoding="utf-8") as lines:
                lines.writelines(f"{path}\n" for path in files(share))
            subprocess.run([sys.executable, "-m", "benchmarks.listings", name, str(listing)], cwd=ROOT, check=True)


if __name__ == "__main__":
    main()
