"""`fasrepro plan`: list the stages that `dvc repro` would run, without running any.

`dvc repro --dry` is meant for that, but stops at the first stage whose input is not made yet (DVC 3.67: it hashes the inputs of
each stage, dry or not), which is so for every new job.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config
from fasrepro.commands import jobs


def stages(root: Path) -> list[str]:
    """Return the names of the stages that have changed, and of all that depend on them, in the order they would run.

    Raises `ValueError` with DVC's words, for example where another DVC holds the lock.
    """
    import networkx  # here, with DVC, because both take a second that no other command needs
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    again: dict[object, str] = {}
    try:
        with Repo(str(root)) as repo, repo.lock:
            graph = repo.index.graph  # an edge leads from a stage to one that it depends on
            for stage in networkx.topological_sort(graph.reverse(copy=False)):
                if stage.changed() or any(needed in again for needed in graph.successors(stage)):
                    again[stage] = stage.name
    except DvcException as error:
        raise ValueError(f"DVC: {error}") from None
    return list(again.values())


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options: none."""


def run(arguments: argparse.Namespace) -> int:
    """Print the stages, one a line."""
    if jobs.is_stale():
        raise config.ConfigError("jobs.yaml is stale: run `fasrepro jobs`")
    print("\n".join([*jobs.notices(), *stages(Path())]) or "nothing: everything is up to date")
    return 0
