"""Stage `archives@dataset`: render one synthetic archive, or take the fingerprint of a licensed one.

Writes results/archives/<dataset>, results/truth/<dataset>.parquet and results/fingerprints/<dataset>.json.
"""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, files, names, paths, stages
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.simulation import build_archives, takes

MIN_FRAMES = 50  # of a video, for the papers' frame rule


def main(argv: list[str] | None = None) -> None:
    """Write the official tree (synthetic only), what is known of its frames, and its fingerprint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    name = parser.parse_args(argv).dataset
    params = config.load("archives", "synthetic")
    source, synthetic = params.archives.source, params.synthetic
    if source not in ("synthetic", "licensed"):
        raise config.ConfigError(f"params.yaml: archives.source: {names.unknown(source, ('synthetic', 'licensed'), 'source')}")
    if synthetic.frames < MIN_FRAMES:
        raise ArchiveError(f"params.yaml: synthetic.frames: {synthetic.frames}; the frame rule needs at least {MIN_FRAMES}")
    truths: list[Truth] = []
    with files.replaced_folder(paths.archive(name), paths.WORK / "archives") as folder:
        if source == "licensed":  # nothing is copied, and nothing is known of its frames
            found = fingerprint(paths.licensed_archives(), name, contents=False)
        else:
            scene = takes.scene(dataclasses.asdict(synthetic))
            sizes = params.archives.datasets
            truths = build_archives.build(folder, name, sizes, scene, synthetic.frame_rate, synthetic.people)
            found = fingerprint(folder, name, contents=True)
    table.write(paths.truth(name), truths, Truth)
    files.write_json(paths.fingerprint(name), {"source": source, **found})
    print(f"archives {name}: {found['videos']} videos, {found['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    stages.run(main)
