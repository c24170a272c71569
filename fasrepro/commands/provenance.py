"""Where a page's figures come from: the files, stages and params behind them, and whether one has changed since.

A stage's outputs are *recorded* if they are those of the manifest in `recorded`, and were not made here; else they were *computed
here*. Figures that a page takes from a recorded run come from that run, and not from the stages of this project.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from fasrepro import config, paths
from fasrepro.commands import record, recorded_outputs, reproduce, side_by_side
from fasrepro.commands.scheduling import WaitsFor
from fasrepro.report import eleven_targets, recorded, shown
from fasrepro.training.recipe import Recipe


@dataclasses.dataclass(frozen=True)
class Stage:
    """A stage as DVC sees it.

    Args:
        name: in dvc.yaml.
        waits_for: the stages whose outputs it reads.
        reads: files and folders.
        params: keys of params.yaml and jobs.yaml.
        outputs: files and folders.
        changed: code, params and other sources that differ from what it ran with.
        is_complete: whether all its outputs are here.
    """

    name: str
    waits_for: frozenset[str]
    reads: tuple[Path, ...]
    params: tuple[str, ...]
    outputs: tuple[Path, ...]
    changed: tuple[str, ...]
    is_complete: bool


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where the figures of a page come from.

    Args:
        files: that the page reads.
        stages: that lead to these files, in an order in which they can run.
        computed: those of them whose outputs were made here.
        recorded_version: at which the outputs of the others were recorded; "" if there is none.
        commit: whose code made those.
        run: a recorded run that figures are taken from; None if there is none.
        changed: what differs from what the stages and the run were made with.
    """

    files: tuple[Path, ...]
    stages: tuple[str, ...]
    computed: tuple[str, ...]
    recorded_version: str
    commit: str
    run: recorded.Run | None
    changed: tuple[str, ...]

    @property
    def badges(self) -> list[str]:
        """The words below each figure: where it was made, and whether code, params or data have changed since."""
        if self.files and not self.stages and self.run is None:
            return ["kept in git"]  # as `fasrepro calibrate` wrote it: no stage does
        versions = dict.fromkeys(filter(None, (self.run.version if self.run else "", self.recorded_version)))
        texts = [f"recorded at version {', '.join(versions)}"] if versions else []
        if self.computed:
            texts.append("computed here")
        return [*texts, "changed since"] if self.changed else texts


def read_stages(root: Path) -> dict[str, Stage]:
    """Return the stages of the project in `root` by name, in an order in which they can run.

    Raises `ValueError` with DVC's words, for example where another DVC holds the lock.
    """
    import networkx  # here, with DVC, because both take a second that no other command needs
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    stages: dict[str, Stage] = {}
    try:
        with Repo(str(root)) as repo, repo.lock:
            graph = repo.index.graph  # an edge leads from a stage to one that it depends on
            produced = [Path(out.fs_path) for out in repo.index.outs]
            is_produced = functools.cache(lambda path: any(_overlap(Path(path), out) for out in produced))
            for stage in networkx.topological_sort(graph.reverse(copy=False)):
                sources = [dep for dep in stage.deps if not is_produced(dep.fs_path)]
                stages[stage.name] = Stage(
                    name=stage.name,
                    waits_for=frozenset(other.name for other in graph.successors(stage)),
                    reads=tuple(Path(dep.def_path) for dep in stage.deps),
                    params=tuple(key for dep in stage.deps for key in getattr(dep, "params", ())),
                    outputs=tuple(Path(out.def_path) for out in stage.outs),
                    changed=tuple(text for dep in sources for text in _changes(dep.workspace_status())),
                    is_complete=all(out.exists for out in stage.outs),
                )
    except DvcException as error:
        raise ValueError(f"DVC: {error}") from None
    return stages


def _changes(status: Mapping[str, Any]) -> list[str]:
    """Return what a dependency's status names: files, or the keys of a file of params."""
    changes: list[str] = []
    for path, state in status.items():
        changes += [f"{path}: {key}" for key in state] if isinstance(state, Mapping) else [path]
    return changes


def _overlap(one: Path, other: Path) -> bool:
    return one.is_relative_to(other) or other.is_relative_to(one)


def leading_to(stages: Mapping[str, Stage], files: Collection[Path]) -> list[str]:
    """Return the stages that make these files, and all that those depend on, in the order of `stages`."""
    wanted = {name for name, stage in stages.items() if any(_overlap(out, file) for out in stage.outputs for file in files)}
    for name in reversed(stages):
        if name in wanted:
            wanted |= stages[name].waits_for
    return [name for name in stages if name in wanted]


def to_run(stages: Mapping[str, Stage], names: Sequence[str]) -> WaitsFor:
    """Return which of the stages `names` must run to make their outputs from the present code, params and data.

    A stage runs if something that it reads has changed. One whose outputs are not here runs if a stage that runs reads them.

    Args:
        stages: of the project.
        names: some of them and all that they depend on, in their order; the outputs of the last are wanted.
    """
    again = {names[-1]} if names and not stages[names[-1]].is_complete else set[str]()
    for name in names:
        if stages[name].changed or again & stages[name].waits_for:
            again.add(name)
    for name in reversed(names):
        if name in again:
            again |= {other for other in stages[name].waits_for if other in names and not stages[other].is_complete}
    return {name: stages[name].waits_for & again for name in names if name in again}


def origins(root: Path, stages: Mapping[str, Stage]) -> Callable[[str], Origin]:
    """Return a function from the place of a page, as `pages` names it, to where its figures come from.

    Args:
        root: of the project.
        stages: of it.
    """
    from fasrepro.report.material import FILES  # here, because matplotlib takes seconds that no other command needs
    from fasrepro.report.pages import PAGES

    lock = config.read_yaml(root / recorded_outputs.LOCK)["stages"]
    manifest = recorded_outputs.read_manifest(root)
    made_here = side_by_side.computed(root)
    runs = recorded.load(root / paths.RECORDED)
    record_of_1 = shown.comparable_record(runs, shown.STUDY, recorded.sections(config.read_yaml(root / paths.PARAMS)))
    experiments = config.load("experiments", path=root / paths.PARAMS).experiments
    has_own = eleven_targets.is_of_paper_2(eleven_targets.protocols_of(experiments))
    record_of_2 = None if has_own else next(iter(eleven_targets.of_paper_2(runs)), None)

    def is_recorded(name: str) -> bool:
        outputs = recorded_outputs.outputs_of({name: lock.get(name, {})})
        known = manifest is not None and bool(outputs) and all(manifest.outputs.get(path) == md5 for path, md5 in outputs.items())
        return known and made_here.get(name) != outputs

    def origin(place: str) -> Origin:
        shown_by = stage_of(place)
        record = record_of_2 if place in eleven_targets.PAGES else record_of_1
        inputs = PAGES[place].needs.inputs if shown_by == "report" else inputs_of(stages[shown_by], FILES)
        of_run = [name for name in inputs if record is not None and getattr(record, name, None) and name in recorded.ANALYSES]
        files = tuple(dict.fromkeys(path for name in inputs if name not in of_run for path in FILES.get(name, ())))
        names = leading_to(stages, files)
        kept = [name for name in names if is_recorded(name)]
        changed = [text for name in names for text in stages[name].changed]
        if record is not None and of_run:
            changed += recorded.changed_code(record.code_md5, root)
            changed += changed_params(record, root)
        return Origin(
            files=files,
            stages=tuple(names),
            computed=tuple(name for name in names if name not in kept),
            recorded_version=manifest.version if manifest is not None and kept else "",
            commit=manifest.commit if manifest is not None and kept else "",
            run=record if of_run else None,
            changed=tuple(sorted(set(changed))),
        )

    return origin


def changed_params(run: recorded.Run, root: Path) -> list[str]:
    """Return the sections in which the params of a recorded run differ from those of its profile in the project at `root`."""
    try:
        content = reproduce.profile_params(root, run.profile.split(", ")[0])
    except config.ConfigError:
        return [f"profiles: {run.profile}"]
    params = SimpleNamespace(training=config.build(Recipe, content["training"], "params.yaml: training"), runs=content["runs"])
    today = recorded.sections(record.pinned(content, params, run.metrics.tuning))
    return [f"{paths.PARAMS}: {section}" for section in recorded.differing(run, today)]


def inputs_of(stage: Stage, files_by_input: Mapping[str, Collection[Path]]) -> list[str]:
    """Return the inputs of which a notebook's stage reads a file."""
    return [name for name, files in files_by_input.items() if set(files) & set(stage.reads)]


def place_of(ablation: str) -> str:
    """Return where an ablation is shown. A page may have the same name.

    >>> place_of("explanations")
    'executed/explanations'
    """
    return f"{paths.EXECUTED.name}/{ablation}"


def stage_of(place: str) -> str:
    """Return the stage that makes what a page shows.

    >>> stage_of("explanations"), stage_of("executed/explanations")
    ('report', 'notebook@explanations')
    """
    folder, _, name = place.rpartition("/")
    return f"notebook@{name}" if folder else "report"


def pages(ablations: Iterable[str]) -> list[str]:
    """Return the places of all pages that show results, from the book's root and without suffix.

    These are the pages that read something, and the ablations.
    """
    from fasrepro.report.pages import PAGES  # as above

    return [*(name for name, page in PAGES.items() if page.needs.inputs), *map(place_of, ablations)]
