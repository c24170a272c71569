"""Recorded runs: read in every version's form, and lent only where all params that decide a result are the same."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from fasrepro import config, files, schema
from fasrepro.evaluation.results import Grounding, Unseen
from fasrepro.evaluation.results.metrics import CellDifference
from fasrepro.report import recorded
from fasrepro.report.recorded import Run
from tests.layout import ROOT
from tests.report.samples import cell_metrics, difference, metrics

SAME = {
    "synthetic": "same",
    "tuning.seed": "same",
    **{f"runs.{name}": "same" for name in ("reasoning", "vanilla", "prose", "neutral", "blind")},
}


def row(run: str, baseline: str, **changes: Any) -> CellDifference:
    return difference("oci_m", -0.2, -0.1, run=run, baseline=baseline, **changes)


def run(name: str, *rows: CellDifference, version: str = "9.9", **sections: str) -> Run:
    return Run(name, version, "a", 0.9, 1.0, 0, SAME | sections, {}, {}, metrics(*rows))


def recorded_file(**changes: Any) -> dict[str, Any]:
    one = Run("world_b", "9.9", "b", 0.9, 2.5, 0, {}, {}, {}, metrics(cells=[cell_metrics("oci_m", "vanilla")]))
    return schema.plain(dataclasses.replace(one, **changes))


def test_recorded_runs_are_read_and_a_broken_file_is_named(tmp_path: Path) -> None:
    files.write_json(tmp_path / "world_b.json", recorded_file())
    (tmp_path / "README.md").write_text("no run")
    assert [(one.profile, one.world, one.hours, one.version) for one in recorded.load(tmp_path)] == [("world_b", "b", 2.5, "9.9")]
    files.write_json(tmp_path / "old.json", {"profile": "old"})
    with pytest.raises(ValueError, match=r"old\.json: no code_md5.*fasrepro record --profile old"):
        recorded.load(tmp_path)
    files.write_json(tmp_path / "old.json", {"profile": "old", "version": "9.9"})
    with pytest.raises(ValueError, match=r"old\.json: missing .*fasrepro record --profile old"):
        recorded.load(tmp_path)


def test_changed_modules_are_named(tmp_path: Path) -> None:
    for name in ("same.py", "other.py"):
        (tmp_path / name).write_bytes(b"x = 1\n")
    code = {"same.py": hashlib.md5(b"x = 1\n").hexdigest(), "other.py": hashlib.md5(b"x = 2\n").hexdigest(), "gone.py": "0"}
    assert recorded.changed_code(code, tmp_path) == ["other.py", "gone.py"]


def test_any_param_makes_a_run_stale_unless_it_is_presentation() -> None:
    for section in recorded.PRESENTATION:
        assert recorded.comparable(run("more", **{section: "other"}), SAME)
    for section in ("synthetic", "training", "judging", "threads", "a_section_of_the_future"):
        assert recorded.differing(run("more", **{section: "other"}), SAME) == [section]


def test_an_entry_of_a_registry_counts_if_both_have_it() -> None:
    new = dict.fromkeys(("runs.new", "captions.new", "protocols.new", "parts.new", "captioners.new"), "x")
    assert recorded.comparable(run("more", **new), SAME)
    changed = run("more", **{"runs.prose": "other"})
    assert recorded.differing(changed, SAME) == ["runs.prose"]


def test_sections_are_hashed_without_order_and_runs_one_by_one() -> None:
    assert recorded.sections({"b": {"y": 1, "x": [2]}, "a": 3}) == recorded.sections({"a": 3, "b": {"x": [2], "y": 1}})
    one = recorded.sections({"runs": {"a": {}, "b": {"s": 1}}, "tuning": {"seed": 0, "like": {"b": "a"}}})
    assert one.keys() == {"runs.a", "runs.b", "tuning.seed"}
    more = recorded.sections({"runs": {"a": {}, "b": {"s": 1}, "c": {}}, "tuning": {"seed": 0, "like": {"b": "a", "c": "a"}}})
    assert {name: more[name] for name in one} == one
    other_recipe = {"runs": {"b": {"s": 2}}, "tuning": {"like": {"b": "a"}}}
    own_rate = {"runs": {"b": {"s": 1}}, "tuning": {}}
    assert all(recorded.sections(params)["runs.b"] != one["runs.b"] for params in (other_recipe, own_rate))
    assert recorded.sections({"captions": {"x": {"style": "x"}}}).keys() == {"captions.x"}


def test_a_new_data_set_changes_nothing_of_what_was_trained_without_it() -> None:
    one = recorded.sections({"archives": {"source": "s", "datasets": {"msu": {"train": 1}}}, "annotator": {"datasets": ["msu"]}})
    assert one.keys() == {"archives.source", "archives.datasets.msu", "annotator.datasets.msu"}
    more = {"msu": {"train": 1}, "siw": {"train": 2}}
    printing = recorded.sections(
        {"archives": {"source": "s", "datasets": {"msu": {"train": 1}}, "printable": ["msu"]}, "annotator": {"datasets": ["msu"]}}
    )
    assert {name: printing[name] for name in one} == one and printing.keys() - one.keys() <= recorded.PRESENTATION
    wider = recorded.sections({"archives": {"source": "s", "datasets": more}, "annotator": {"datasets": ["msu", "siw"]}})
    assert {name: wider[name] for name in one} == one


def test_a_data_set_in_another_format_is_another_one() -> None:
    datasets = {"msu": {}, "casia": {}}
    one = recorded.sections({"archives": {"source": "licensed", "datasets": datasets}})
    formats = {"msu": "crops", "ours": "ours.csv"}
    described = {"ours": {"title": "Ours"}}
    other = recorded.sections(
        {"archives": {"source": "licensed", "datasets": {**datasets, "ours": {}}, "formats": formats, "described": described}}
    )
    assert other.keys() - one.keys() == {"archives.datasets.ours"}
    assert {name for name in one if other[name] != one[name]} == {"archives.datasets.msu"}


def test_runs_are_joined_with_rows_of_other_pairs_or_cells() -> None:
    one = run("study", row("reasoning", "vanilla"))
    two = run("more", row("vanilla", "reasoning"), row("prose", "neutral"), difference("mi_c", 0.1, 0.2))
    three = run("last", row("neutral", "prose"), row("blind", "prose"), version="9.8")
    both = recorded.joined([one, two, three])
    assert both.metrics.paired == [
        row("reasoning", "vanilla"),
        row("prose", "neutral", recorded="a recorded run, profile more of version 9.9"),
        difference("mi_c", 0.1, 0.2, recorded="a recorded run, profile more of version 9.9"),
        row("blind", "prose", recorded="a recorded run, profile last of version 9.8"),
    ]
    assert (both.source, both.hours, both.profiles) == ("study, more, last of version 9.9, 9.8", 3.0, ["study", "more", "last"])
    assert one.metrics.paired == [row("reasoning", "vanilla")]


def test_a_joined_run_has_the_cells_experiments_and_analyses_of_all_and_the_first_ones_where_several_have_it() -> None:
    def part(name: str, value: float, *names: str) -> Run:
        given = metrics(cells=[cell_metrics("oci_m", one, value) for one in names])
        experiments = {one: config.Experiment(["oci_m"], [one], [0]) for one in (name, "shared")}
        outputs = {f"predictions/{one}": name for one in names}
        return Run(name, "9.9", "a", 0.9, 1.0, 2, SAME, {}, {}, given, outputs, experiments, note=f"Of {name}.")

    more = dataclasses.replace(part("more", 0.4, "vanilla", "prose"), unseen=Unseen("reasoning", "vanilla", {}))
    both = recorded.joined([part("study", 0.3, "vanilla"), more])
    values = {name: cell.mean.video.figures["hter_dev"].value for name, cell in both.metrics.cells.items()}
    assert values == {"oci_m-vanilla": 0.3, "oci_m-prose": 0.4}
    assert both.outputs_md5 == {"predictions/vanilla": "study", "predictions/prose": "more"}
    assert both.experiments.keys() == {"study", "more", "shared"} and both.experiments["shared"].runs == ["shared"]
    assert (both.untimed_stages, both.note, both.unseen) == (4, "Of study. Of more.", more.unseen)


OLD_LEVEL = {"counts": {"bona_fide": 1, "attack": 2, "subjects": 3}, "hter_dev": {"value": 0.5, "low": 0.25, "high": 0.75}}
OLD_MEAN = {"threshold_dev": 0.5, "dev_auc": {}, "video": OLD_LEVEL, "frame": OLD_LEVEL, "readers": {}}


def old_file(**sections: str) -> dict[str, Any]:
    """A recorded run of version 0.1.0: its "protocol" is a cell, and oci_w a transfer of oci_m's models."""
    names = {"run": "reasoning", "baseline": "vanilla", "channel": "head", "level": "video", "metric": "hter_dev"}
    numbers = {"difference": 0.1, "low": 0.0, "high": 0.2, "seeds": 3, "subjects": 8}
    jobs = [("oci_m", "msu", False), ("oci_w", "siw", True), ("ocm_i", "replay", False)]
    return {
        "profile": "recipes",
        "world": "a",
        "spurious_strength": 0.9,
        "hours": 1,
        "untimed_stages": 0,
        "sections_sha256": sections,
        "code_md5": {},
        "versions": {},
        "metrics": {
            "jobs": {
                f"{cell}-vanilla": {
                    "protocol": cell, "run": "vanilla", "target": target, "transfer": transfer, "seeds": ["0", "1"],
                    "mean": OLD_MEAN,
                }
                for cell, target, transfer in jobs
            },
            "paired": [
                {**names, **numbers, "protocol": "oci_w", "transfer": True},
                {**names, **numbers, "protocol": "mean", "protocols": ["oci_m", "ocm_i"], "transfer": False, "detectable": 0.3},
            ],
            "settings": {
                "evaluation": {"replicates": 9, "confidence": 0.95, "seed": 1, "digits": 6},
                "ledger": {"metric": "hter_dev", "margin": 0.0, "min_seeds": 3, "min_subjects": 8},
                "descriptive": {"power": 0.8},
            },
        },
    }  # fmt: skip


def test_a_run_of_version_0_1_0_is_read_with_its_cells_and_marked(tmp_path: Path) -> None:
    files.write_json(tmp_path / "recipes.json", old_file())
    (one,) = recorded.load(tmp_path)
    assert one.version == "0.1.0"
    transferred = one.metrics.cells["oci_w-vanilla"]
    assert (transferred.protocol, transferred.target, transferred.seeds) == ("oci_m", "siw_mv2", [0, 1])
    assert transferred.mean.video.figures["hter_dev"].value == 0.5
    (cell,), (mean,) = one.metrics.paired, one.metrics.means
    assert (cell.protocol, cell.target, cell.cell) == ("oci_m", "siw_mv2", "oci_w")
    assert (mean.protocols, mean.targets, mean.cells) == (["oci_m", "ocm_i"], ["msu", "replay"], ["oci_m", "ocm_i"])
    assert (mean.error, mean.degrees, mean.baseline_value, mean.training_sets) == (None, None, 0.5, 2)


def test_a_written_folder_is_read_as_it_was_with_the_analyses_that_it_has(tmp_path: Path) -> None:
    experiments = {"one": config.Experiment(["oci_m"], ["vanilla"], [0, 1])}
    one = dataclasses.replace(run("study"), experiments=experiments, grounding=Grounding({}))
    recorded.write(one, tmp_path / "study")
    assert {path.name for path in (tmp_path / "study").iterdir()} == {"run.json", "metrics.json", "grounding.json"}
    assert "metrics" not in files.read_json(tmp_path / "study" / "run.json")
    assert recorded.load(tmp_path) == [one]
    files.write_json(tmp_path / "study" / "metrics.json", {"cels": {}})
    with pytest.raises(ValueError, match=r"metrics: unknown key 'cels'.*fasrepro record --profile study"):
        recorded.load(tmp_path)


def test_the_projects_recorded_runs_can_be_read() -> None:
    runs = recorded.load(ROOT / "results" / "recorded")
    assert {one.profile for one in runs} >= {"study", "world_b", "world_c", "ties_half", "ties_none"}
    sections = recorded.sections(config.read_yaml(ROOT / "params.yaml"))
    other_worlds = [one for one in runs if one.profile != "study"]
    assert all("synthetic" in recorded.differing(one, sections) for one in other_worlds)


def test_the_learning_rates_in_params_are_those_that_the_study_chose() -> None:
    sections = recorded.sections(config.read_yaml(ROOT / "params.yaml"))
    parts = [one for one in recorded.load(ROOT / "results" / "recorded") if recorded.comparable(one, sections)]
    params = config.load("training", "runs", "experiments", path=ROOT / "params.yaml")
    chosen = {run: [report.chosen] for one in parts for run, report in one.metrics.tuning.items()}
    assert {run: config.resolved_recipe(params.training, params.runs, run).learning_rates for run in chosen} == chosen
    assert {run for experiment in params.experiments.values() for run in experiment.runs} <= chosen.keys()


def test_the_study_has_the_params_of_the_default_profile() -> None:
    """Or else the pages would show this machine's one seed."""
    (study,) = [one for one in recorded.load(ROOT / "results" / "recorded") if one.profile == "study"]
    assert recorded.differing(study, recorded.sections(config.read_yaml(ROOT / "params.yaml"))) == []
