"""Stage `archives@dataset`: draw one synthetic archive, or take the fingerprint of a licensed one.

Writes results/archives/<dataset>, results/truth/<dataset>.parquet and results/fingerprints/<dataset>.json.
"""

from __future__ import annotations

import argparse

from fasrepro import config, files, names, paths, stages
from fasrepro.archives.fingerprint import fingerprint
from fasrepro.archives.layout import ArchiveError
from fasrepro.rows import table
from fasrepro.rows.truth import Truth
from fasrepro.simulation import archive_writer

SOURCES = ("synthetic", "licensed")
MIN_FRAMES = 50  # of a video, for the papers' frame rule


def main(argv: list[str] | None = None) -> None:
    """Write the official tree and the truth of its frames, both empty for a licensed archive, and the fingerprint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    name = parser.parse_args(argv).dataset
    params = config.load("archives", "synthetic")
    source, synthetic = params.archives.source, params.synthetic
    if source not in SOURCES:
        raise config.ConfigError(f"params.yaml: archives.source: {names.unknown(source, SOURCES, 'source')}")
    names.lookup(params.archives.datasets, name, "data set", config.ConfigError, "params.yaml: archives.datasets")
    if synthetic.frames < MIN_FRAMES:
        raise ArchiveError(f"params.yaml: synthetic.frames: {synthetic.frames}; the frame rule needs at least {MIN_FRAMES}")
    form = params.archives.formats.get(name, "")
    truths: list[Truth] = []
    with files.replaced_folder(paths.archive(name), paths.WORK / "archives") as folder:
        if source == "licensed":
            counts = fingerprint(paths.licensed_archives(), name, contents=False, form=form)
        else:
            truths = archive_writer.write_archive(folder, name, params.archives.datasets, synthetic)
            counts = fingerprint(folder, name, contents=True)
    table.write(paths.truth(name), truths, Truth)
    files.write_json(paths.fingerprint(name), {"source": source, **counts})
    held = f"{counts['files']} files of {form}" if form else f"{counts['videos']} videos"
    print(f"archives {name}: {held}, {counts['bytes'] / 1e6:.1f} MB")


if __name__ == "__main__":
    stages.run(main)
