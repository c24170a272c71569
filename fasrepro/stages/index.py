"""Stage `index@dataset`: two faces a video, as crops and a table, and a report on all that was excluded.

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
    wanted = params.archives.source
    fingerprint = files.read_json(paths.fingerprint(name))
    source, form = fingerprint["source"], fingerprint.get("format", "")
    if source != wanted:
        raise ValueError(
            f"{paths.fingerprint(name)}: of a {source} archive, but params.yaml asks for {wanted} archives;"
            f" run `dvc repro index@{name}`"
        )
    archives = paths.licensed_archives() if source == "licensed" else paths.archive(name)
    work = paths.WORK / "index" / name
    shutil.rmtree(work, ignore_errors=True)
    try:
        report = index.build(archives, name, work, params.index, form)
        for output, folder in ((work / "crops" / f"{name}.zip", paths.CROPS), (work / f"{name}.parquet", paths.FACES)):
            folder.mkdir(parents=True, exist_ok=True)
            output.replace(folder / output.name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    files.write_json(paths.index_report(name), report)
    sources = ", ".join(f"{count} {source}" for source, count in report["videos_by_box_source"].items())
    print(
        f"index {name}: {report['faces']} faces, {report['videos']} videos ({sources}), {report['stand_ins_count']} neighbouring"
        f" frames, {report['single_face_count']} videos with one face, {report['excluded_count']} excluded"
    )
    for notice in report.get("notices", []):
        print(f"index {name}: {notice}")


if __name__ == "__main__":
    stages.run(main)
