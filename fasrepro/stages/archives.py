"""Stage `archives`: render the synthetic archives, or take the fingerprint of the licensed ones."""

from __future__ import annotations

import argparse
import dataclasses

from fasrepro import config, paths, provenance, records, stages
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError
from fasrepro.synthetic import render, world


def main(argv: list[str] | None = None) -> None:
    """Write results/archives: the official trees and their truth (synthetic only), and fingerprint.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("archives", "synthetic")
    source = params.archives.source
    if source not in ("synthetic", "licensed"):
        raise config.ConfigError(f"params.yaml: archives.source: {config.unknown(source, ('synthetic', 'licensed'), 'source')}")
    with provenance.replaced_folder(paths.ARCHIVES, paths.WORK / "archives") as folder:
        if source == "licensed":
            found = fingerprint(paths.licensed_archives(), contents=False)
            records.write(folder / paths.TRUTH.name, [], records.Truth)  # nothing is known, and later stages can depend on it
        else:
            made = params.synthetic
            if made.frames < 50:
                raise ArchiveError(f"params.yaml: synthetic.frames: {made.frames}; the frame rule needs at least 50")
            sizes = {f.name: getattr(params.archives, f.name) for f in dataclasses.fields(params.archives) if f.name != "source"}
            scene = render.Scene(made.seed, made.frames, made.scene_width, made.scene_height, made.look_alike_rate)
            world.build(
                folder, {name: dataclasses.asdict(size) for name, size in sizes.items()}, scene, made.frame_rate, made.people
            )
            found = fingerprint(folder, contents=True)
        provenance.write_json(folder / paths.FINGERPRINT.name, {"source": source, "datasets": found})
    for name, counts in found.items():
        print(f"archives: {name}: {counts['videos']} videos, {counts['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    stages.run(main)
