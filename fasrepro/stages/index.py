"""Stage `index`: two faces a video from the archives, as crops and one table, and a report of what was left out."""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config, files, paths, stages
from fasrepro.data import index


def main(argv: list[str] | None = None) -> None:
    """Write results/index (faces.parquet, crops/<data set>.zip) and results/index.json."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("archives", "index")
    known = files.read_json(paths.FINGERPRINT)
    if known["source"] != params.archives.source:
        raise ValueError(f"{paths.FINGERPRINT}: of {known['source']} archives, params.yaml asks for {params.archives.source}")
    folder: Path = paths.licensed_archives() if known["source"] == "licensed" else paths.ARCHIVES
    asked = params.index
    rule = index.Rule(asked.every, asked.first, asked.min_face, asked.neighbours, asked.crop)
    with files.replaced_folder(paths.INDEX, paths.WORK / "index") as work:
        report = index.build(folder, list(known["datasets"]), work, rule, asked.max_exclusion_rate)
    files.write_json(paths.INDEX_REPORT, report)
    for name, counts in report.items():
        sources = ", ".join(f"{count} {source}" for source, count in counts["videos_by_box_source"].items())
        left_out = (
            f"{counts['stand_ins_count']} neighbouring frames, {counts['single_face_count']} videos with one face,"
            f" {counts['excluded_count']} excluded"
        )
        print(f"index: {name}: {counts['faces']} faces, {counts['videos']} videos ({sources}), {left_out}")


if __name__ == "__main__":
    stages.run(main)
