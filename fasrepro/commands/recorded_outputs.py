"""Outputs of the default profile that are kept in git, so that the book can be built without the stages before it.

The folder `recorded` is a DVC remote, which holds the outputs that dvc.yaml does not mark with `push: false`: all that report and
notebooks read. dvc.lock has their hashes. `make recorded` writes the folder anew, `make book` reads it.
"""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fasrepro import __version__, config, files, paths, schema
from fasrepro.commands import scheduling

REMOTE = "recorded"  # in .dvc/config
MANIFEST = paths.RECORDED_OUTPUTS / "manifest.json"
OBJECTS = paths.RECORDED_OUTPUTS / "files"  # as DVC names the folder of a remote's files
LOCK = Path("dvc.lock")
MOST_BYTES = 25_000_000  # of the folder, for the outputs of both papers
BOOK_STAGES = ("report", "notebook", "book")  # which make no figure: where these ran says nothing about a result


@dataclasses.dataclass(frozen=True)
class Manifest:
    """When the outputs were recorded, and what they were.

    Args:
        version: of this project.
        commit: whose code made them.
        outputs: MD5 of every output before the book's own, recorded or not, by path.
    """

    version: str
    commit: str
    outputs: dict[str, str]


def read_manifest(root: Path) -> Manifest | None:
    """Return the manifest of the recorded outputs; None where none are recorded. Raises `ValueError` for a broken file."""
    path = root / MANIFEST
    return schema.build(Manifest, files.read_json(path), str(path)) if path.is_file() else None


def outputs_of(stages: Mapping[str, Any]) -> dict[str, str]:
    """Return the MD5 of every output by path; `stages` of a dvc.lock."""
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", ())}


def fetch(root: Path) -> list[str]:
    """Bring the recorded outputs that `root` lacks from its folder `recorded`; return their paths.

    Raises:
        ValueError: for an output that was changed by hand, or that is not recorded as dvc.lock has it.
    """
    from dvc.exceptions import DvcException  # here, because DVC takes a second that no other command needs
    from dvc.repo import Repo

    missing: list[str] = []
    try:
        with Repo(str(root)) as repo:
            outputs = {out.def_path: out for out in repo.index.outs if out.use_cache and out.can_push}
            missing = [path for path, out in outputs.items() if not out.exists]
            changed = [path for path, out in outputs.items() if out.exists and out.workspace_status()]
            if changed:
                raise ValueError(f"{', '.join(changed)}: not what {LOCK} says; delete it, or run `dvc repro`")
            unknown = [path for path in missing if not outputs[path].hash_info]
            if unknown:
                raise ValueError(f"{LOCK}: has no {', '.join(unknown)}; `make reproduce` makes it")
            if missing:
                repo.pull(targets=[outputs[path].fs_path for path in missing])
    except DvcException:
        lacking = [path for path in missing if not (root / path).exists()]
        remedy = "`make reproduce` makes them here, and `make recorded` then records them"
        raise ValueError(f"{paths.RECORDED_OUTPUTS}: lacks {', '.join(lacking)}, as {LOCK} has them; {remedy}") from None
    return missing


def push(root: Path) -> int:
    """Write the folder `recorded` of `root` anew, with the outputs that its dvc.lock names; return its bytes.

    Raises:
        ValueError: where a stage has changed since it ran, or the outputs take more than `MOST_BYTES`.
    """
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    stale = scheduling.stages_to_run(root)
    if stale:
        raise ValueError(f"{', '.join(stale)}: changed since the last run; run `make reproduce` first")
    stages = config.read_yaml(root / LOCK)["stages"]
    earlier = {name: stage for name, stage in stages.items() if name.partition("@")[0] not in BOOK_STAGES}
    commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, check=True, capture_output=True, text=True).stdout.strip()
    with files.replaced_folder(root / OBJECTS, root / paths.WORK / "recorded") as folder:
        # Into a folder of another name: DVC remembers what it has pushed to a place, whether or not it is still there.
        remote = {"remote": {REMOTE: {"url": str(folder.parent.resolve())}}}
        try:
            with Repo(str(root), config=remote) as repo:
                repo.push(remote=REMOTE)
        except DvcException as error:
            raise ValueError(f"DVC: {error}") from None
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        if size > MOST_BYTES:
            raise ValueError(f"the recorded outputs take {size / 1e6:.1f} MB, more than {MOST_BYTES / 1e6:.0f} MB in git")
    files.write_json(root / MANIFEST, schema.plain(Manifest(__version__, commit, outputs_of(earlier))))
    return size


def main() -> int:
    """Record the outputs of the project in this folder."""
    try:
        size = push(Path())
    except (ValueError, OSError, subprocess.CalledProcessError) as error:
        print(f"recorded outputs: {error}", file=sys.stderr)
        return 1
    print(f"{paths.RECORDED_OUTPUTS}: {size / 1e6:.1f} MB; commit it with {LOCK}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
