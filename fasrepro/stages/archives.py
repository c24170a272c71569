"""Stage `archives`: render the synthetic archives, or take the fingerprint of the licensed ones."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, files, names, paths, stages
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.simulation import build_archives, cue_pairs, takes, worlds


def main(argv: list[str] | None = None) -> None:
    """Write results/archives: the official trees and their truth (synthetic only), and fingerprint.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("archives", "synthetic")
    source = params.archives.source
    if source not in ("synthetic", "licensed"):
        raise config.ConfigError(f"params.yaml: archives.source: {names.unknown(source, ('synthetic', 'licensed'), 'source')}")
    with files.replaced_folder(paths.ARCHIVES, paths.WORK / "archives") as folder:
        if source == "licensed":
            found = fingerprint(paths.licensed_archives(), contents=False)
            # Nothing is known of them, and later stages can depend on that.
            table.write(folder / paths.TRUTH.name, [], Truth)
            cue_pairs.write(folder / paths.CUE_PAIRS.name, {})
            files.write_json(folder / paths.WORLD.name, {})
        else:
            made = params.synthetic
            if made.frames < 50:
                raise ArchiveError(f"params.yaml: synthetic.frames: {made.frames}; the frame rule needs at least 50")
            scene = takes.scene(dataclasses.asdict(made))
            sizes = build_archives.sizes(dataclasses.asdict(params.archives))
            build_archives.build(folder, sizes, scene, made.frame_rate, made.people)
            files.write_json(folder / paths.WORLD.name, worlds.tables(scene.world))
            found = fingerprint(folder, contents=True)
        files.write_json(folder / paths.FINGERPRINT.name, {"source": source, "datasets": found})
    for name, counts in found.items():
        print(f"archives: {name}: {counts['videos']} videos, {counts['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    stages.run(main)
