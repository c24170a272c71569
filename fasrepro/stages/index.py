"""Stage `index@dataset`: two faces a video, as crops and a table, and a report on all that was excluded.

Writes results/faces/<dataset>.parquet, results/crops/<dataset>.zip and results/index_report/<dataset>.json. Videos that are
decoded are kept in .work until all are: a run that was killed, or that failed, is taken up where it ended.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import importlib.metadata
import shutil
from collections.abc import Iterator
from pathlib import Path

import filelock

import fasrepro
from fasrepro import archives, config, files, hashing, paths, stages
from fasrepro.data import index
from fasrepro.data.settings import IndexSettings

CODE = ("archives", "data", "rows", "crops.py", "hashing.py")  # what the faces of a video are made by
PACKAGES = ("pillow", "h5py")  # beside `hashing.PACKAGES`


def input_hash(settings: IndexSettings) -> str:
    """Return a hash of all that decides the faces of every video: settings, code and packages, but not how many may be broken."""
    package = Path(fasrepro.__file__).parent
    sources = [path for name in CODE for path in sorted([package / name, *(package / name).glob("*.py")]) if path.is_file()]
    made_by = {
        "settings": dataclasses.asdict(dataclasses.replace(settings, max_exclusion_rate=0.0)),
        "code": {str(path.relative_to(package)): hashing.sha256_file(path) for path in sources},
        "packages": hashing.versions() | {name: importlib.metadata.version(name) for name in PACKAGES},
    }
    return hashing.sha256_json(made_by)[:16]


@contextlib.contextmanager
def work_folder(dataset: str, settings: IndexSettings) -> Iterator[Path]:
    """Yield the folder for what is unfinished; when the block succeeds, it is removed, with those of other settings or code.

    What is decoded stays there if the block fails.

    Raises:
        ValueError: where another process indexes this data set.
    """
    folder = paths.WORK / "index" / f"{dataset}-{input_hash(settings)}"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with filelock.FileLock(folder / "lock", blocking=False):
            try:
                yield folder
            finally:
                shutil.rmtree(folder / "crops", ignore_errors=True)  # made anew from what is kept
            for other in folder.parent.glob(f"{dataset}-*"):
                shutil.rmtree(other)
    except filelock.Timeout:
        raise ValueError(f"{folder}: another process indexes {dataset}; wait for it, or end it") from None


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
    folder_of_archive = paths.licensed_archives() if source == "licensed" else paths.archive(name)
    with work_folder(name, params.index) as work:
        report = index.build(folder_of_archive, name, work, params.index, form)
        for output, folder in ((work / "crops" / f"{name}.zip", paths.CROPS), (work / f"{name}.parquet", paths.FACES)):
            folder.mkdir(parents=True, exist_ok=True)
            output.replace(folder / output.name)
        files.write_json(paths.index_report(name), archives.redacted(name, report))
    sources = ", ".join(f"{count} {source}" for source, count in report["videos_by_box_source"].items())
    print(
        f"index {name}: {report['faces']} faces, {report['videos']} videos ({sources}), {report['stand_ins_count']} neighbouring"
        f" frames, {report['single_face_count']} videos with one face, {report['excluded_count']} excluded"
    )
    for notice in report.get("notices", []):
        print(f"index {name}: {notice}")


if __name__ == "__main__":
    stages.run(main)
