from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path
from typing import Any

import pytest

from fasrepro import files
from fasrepro.report import ledger, recorded
from fasrepro.report.claims import Claim
from fasrepro.report.recorded import Run

CLAIM = Claim("C-9", "a control of ours", run="reasoning", baseline="vanilla")
RUNS = ("reasoning", "vanilla", "prose", "neutral", "blind")
SECTIONS = dict.fromkeys((*recorded.DECIDING, *(f"runs.{name}" for name in RUNS)), "same") | {"experiments": "one"}


def row(run: str, baseline: str, **more: object) -> dict[str, Any]:
    return {"run": run, "baseline": baseline, "difference": -0.1, **more}


def run(name: str, *rows: dict[str, Any], **sections: str) -> Run:
    return Run(name, "a", 0.9, 1.0, SECTIONS | sections, {"paired": list(rows)})


def test_recorded_runs_are_read_and_a_broken_one_named(tmp_path: Path) -> None:
    entry = {"profile": "full_b", "world": "b", "spurious_strength": 0.9, "hours": 2.5, "metrics": {}}
    entry |= {"sections_sha256": {}, "code_md5": {}, "untimed_stages": 0}
    files.write_json(tmp_path / "full_b.json", entry)
    (tmp_path / "README.md").write_text("no run")
    assert [(one.name, one.world, one.hours) for one in recorded.load(tmp_path)] == [("full_b", "b", 2.5)]
    files.write_json(tmp_path / "old.json", {"profile": "old"})
    with pytest.raises(ValueError, match=r"old\.json: no code_md5, hours.*fasrepro record --profile old"):
        recorded.load(tmp_path)


def test_modules_that_are_not_what_they_were_are_named(tmp_path: Path) -> None:
    for name in ("same.py", "other.py"):
        (tmp_path / name).write_bytes(b"x = 1\n")
    code = {"same.py": hashlib.md5(b"x = 1\n").hexdigest(), "other.py": hashlib.md5(b"x = 2\n").hexdigest(), "gone.py": "0"}
    assert recorded.changed(dataclasses.replace(run("more"), code=code), tmp_path) == ["other.py", "gone.py"]


def test_a_run_is_alike_whatever_its_jobs_are(tmp_path: Path) -> None:
    assert recorded.alike(run("more", experiments="other"), SECTIONS)
    assert not recorded.alike(run("more", training="other"), SECTIONS)
    changed = run("more", **{"runs.prose": "other"})
    assert recorded.alike(changed, SECTIONS, ["neutral"]) and not recorded.alike(changed, SECTIONS, ["neutral", "prose"])


def test_sections_are_told_apart_by_what_they_say_and_runs_one_by_one(tmp_path: Path) -> None:
    def hashes(text: str) -> dict[str, str]:
        (tmp_path / "params.yaml").write_text(text)
        return recorded.sections(tmp_path / "params.yaml")

    assert hashes("b: {y: 1, x: [2]}\na: 3  # why\n") == hashes("a: 3\nb:\n  x: [2]\n  y: 1\n")
    one = hashes("runs: {a: {}, b: {s: 1}}\ntuning: {seed: 0, like: {b: a}}")
    assert one.keys() == {"runs.a", "runs.b", "tuning.seed"}
    more = hashes("runs: {a: {}, b: {s: 1}, c: {}}\ntuning: {seed: 0, like: {b: a, c: a}}")
    assert {name: more[name] for name in one} == one
    assert hashes("runs: {b: {s: 2}}\ntuning: {like: {b: a}}")["runs.b"] != one["runs.b"]  # another recipe
    assert hashes("runs: {b: {s: 1}}\ntuning: {}")["runs.b"] != one["runs.b"]  # a learning rate of its own


def test_what_a_run_holds_itself_stands_before_what_was_recorded() -> None:
    this = run("this book", row("reasoning", "vanilla"))
    more = run("more", row("vanilla", "reasoning"), row("prose", "neutral"))
    other = run("other", row("prose", "neutral"), row("blind", "prose"), training="other")
    last = run("last", row("neutral", "prose"), row("vanilla", "blind"), **{"runs.blind": "other"})
    found = recorded.completed(this, [more, other, last]).metrics["paired"]
    assert found == [row("reasoning", "vanilla"), row("prose", "neutral", recorded="more")]
    assert this.metrics["paired"] == [row("reasoning", "vanilla")]


def test_a_run_only_adds_if_it_repeats_nothing() -> None:
    more = run("more", row("prose", "neutral"))
    this = recorded.completed(run("this book", row("reasoning", "vanilla")), [more])
    assert recorded.adds_only(more, this)
    assert not recorded.adds_only(run("again", row("vanilla", "reasoning")), this)
    assert not recorded.adds_only(run("other", row("prose", "neutral"), training="other"), this)


def test_the_ledger_names_the_profile_of_a_recorded_row() -> None:
    rows = [
        row("reasoning", "vanilla", metric="hter_dev", level="video", channel="head", protocol="icm_o", transfer=False)
        | {"low": -0.2, "high": -0.1, "seeds": 3, "subjects": 8}
        | source
        for source in ({}, {"recorded": "recipes"})
    ]
    settings = {"ledger": {"metric": "hter_dev", "margin": 0.0, "min_seeds": 3, "min_subjects": 8}}
    found = ledger.rows({"metrics": {"paired": rows, "settings": settings}, "grounding": {}}, {}, True, [], [CLAIM])
    assert [one.test for one in found] == [
        "paired bootstrap, 8 subjects, 3 seeds",
        "paired bootstrap, 8 subjects, 3 seeds; a recorded run, profile recipes",
    ]
