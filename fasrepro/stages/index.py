"""Stage `index@dataset`: two faces a video, as crops and a table, and a report of what was left out.

Writes results/faces/<dataset>.parquet, results/crops/<dataset>.zip and results/index_report/<dataset>.json.
"""

from __future__ import annotations

import argparse
import shutil

from fasrepro import config, files, paths, stages
from fasrepro.data import index


def main(argv: list[str] | None = None) -> None:
    """Write the table and the crops of one data set, and its report."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dataset", required=True)
    name = parser.parse_args(argv).dataset
    params = config.load("archives", "index")
    fingerprint = files.read_json(paths.fingerprint(name))
    if fingerprint["source"] != params.archives.source:
        raise ValueError(
            f"{paths.fingerprint(name)}: of {fingerprint['source']} archives, params.yaml asks for {params.archives.source}"
        )
    archives = paths.licensed_archives() if params.archives.source == "licensed" else paths.archive(name)
    asked = params.index
    rule = index.Rule(asked.every, asked.first, asked.min_face, asked.neighbours, asked.crop)
    work = paths.WORK / "index" / name
    shutil.rmtree(work, ignore_errors=True)
    try:
        report = index.build(archives, name, work, rule, asked.max_exclusion_rate)
        for source, target in ((work / "crops" / f"{name}.zip", paths.CROPS), (work / f"{name}.parquet", paths.FACES)):
            target.mkdir(parents=True, exist_ok=True)
            source.replace(target / source.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    files.write_json(paths.index_report(name), report)
    sources = ", ".join(f"{count} {source}" for source, count in report["videos_by_box_source"].items())
    print(
        f"index {name}: {report['faces']} faces, {report['videos']} videos ({sources}), {report['stand_ins_count']} neighbouring"
        f" frames, {report['single_face_count']} videos with one face, {report['excluded_count']} excluded"
    )


if __name__ == "__main__":
    stages.run(main)
