"""The record of the verdict's test: written whole, with the code that it comes from."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from fasrepro import cli, paths
from fasrepro.commands import calibrate
from fasrepro.evaluation import calibration, results
from fasrepro.report import recorded
from tests.layout import ROOT


def test_a_record_holds_every_case_and_its_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("fasrepro", "params.yaml"):
        (tmp_path / name).symlink_to(ROOT / name)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(calibration, "SUBJECTS", (5,))
    monkeypatch.setattr(calibration, "SEEDS", (5,))
    monkeypatch.setattr(calibration, "REGIMES", {"people": calibration.REGIMES["people"]})
    assert cli.main(["calibrate", "--trials", "4"]) == 0
    record = results.read(paths.CALIBRATION, results.Calibration)
    assert [case.layout for case in record.cases] == list(calibration.LAYOUTS)
    assert record.trials == 4
    assert recorded.changed_code(record.code_md5, ROOT) == []


def test_the_record_in_git_covers_every_case_and_keeps_the_promise() -> None:
    record = results.read(ROOT / paths.CALIBRATION, results.Calibration)
    known = [(case.layout, case.regime, case.seeds, case.subjects) for case in record.cases]
    assert known == list(calibration.cases(min_seeds_alone=5))
    assert record.trials >= 500
    chance = 2 * math.sqrt(0.07 * 0.93 / record.trials)  # by which a rate of 0.07 may come out higher in so many trials
    assert max(case.false_verdicts for case in record.cases) <= 0.07 + chance


def test_no_trials_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["calibrate", "--trials", "0"]) == 1
    assert "--trials must be at least 1" in capsys.readouterr().err


def test_a_case_that_was_simulated_is_not_simulated_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = ("one target", "people", 5, 5)
    first = calibrate.kept_case(place, trials=4, seed=1, folder=tmp_path)
    monkeypatch.setattr(calibration, "simulate", lambda *_: pytest.fail("simulated again"))
    assert calibrate.kept_case(place, trials=4, seed=1, folder=tmp_path) == first
    with pytest.raises(pytest.fail.Exception, match="simulated again"):
        calibrate.kept_case(place, trials=5, seed=1, folder=tmp_path)
