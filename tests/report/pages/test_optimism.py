"""The page on optimistic practices: rows in the order of runs, missing figures as dashes, published pairs with marks."""

from __future__ import annotations

import contextlib
import dataclasses
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fasrepro.evaluation.results import Optimism
from fasrepro.evaluation.results.optimism import (
    CellOptimism,
    MeanOptimism,
    OptimismCounts,
    OptimismSettings,
    SeedThresholds,
    Snapshot,
    SnapshotChoice,
    SnapshotOptimism,
)
from fasrepro.report import curves, published, tables
from fasrepro.report.pages import optimism as page
from tests.report.conftest import cells
from tests.report.samples import NO_FIGURE, figure, material, place, protocol_of, settings, target_of

RUNS = ["label_only", "vanilla"]


def figures(gain: float, best_seed: float | None = None) -> dict[str, Any]:
    hter = {"honest": 0.5, "oracle_threshold": 0.5 - gain, "one_frame": 0.625, "best_seed": best_seed}
    gains = {"oracle_threshold": gain, "one_frame": -0.125, "best_seed": best_seed}
    tpr = {"bona_fide_positive": 0.25, "attack_positive": 0.75, "difference": -0.5}
    parts = {"hter": hter, "optimism": gains, "tpr": tpr}
    return {part: {name: figure(value) for name, value in values.items()} for part, values in parts.items()}


def cell(name: str, run: str, gain: float, best_seed: float | None = None) -> CellOptimism:
    counts, seeds = OptimismCounts(40, 120, 8, 0, 1), {0: SeedThresholds(0.5, 0.6, 0.5, 0.4)}
    return CellOptimism(**place(name), run=run, counts=counts, seeds=seeds, **figures(gain, best_seed))


def mean(names: list[str], run: str, gain: float) -> MeanOptimism:
    return MeanOptimism(run, list(map(protocol_of, names)), list(map(target_of, names)), names, 8, **figures(gain))


def snapshots(difference: float = 0.0) -> SnapshotOptimism:
    steps = [Snapshot(10, 0.5, 0.9, figure(0.25), figure(0.125)), Snapshot(20, 0.5, 0.9, figure(0.5), figure(0.375))]
    return SnapshotOptimism(
        **place("oci_m"),
        run="vanilla",
        seed=2,
        subjects=8,
        steps=steps,
        last=SnapshotChoice(20, figure(0.5), figure(0.0)),
        best_on_dev=SnapshotChoice(10, figure(0.25), figure(0.25)),
        best_on_target=SnapshotChoice(10, figure(0.25), figure(0.25)),
        best_on_target_with_oracle_threshold=SnapshotChoice(10, figure(0.125), figure(0.375)),
        score_difference=difference,
    )


def report(*given: CellOptimism, means: list[MeanOptimism] | None = None, training: SnapshotOptimism | None = None) -> Optimism:
    named = {f"{number}": one for number, one in enumerate(given)}
    return Optimism(named, means or [], training, OptimismSettings(settings().evaluation, 0.01))


def test_the_overview_names_the_least_and_the_most_optimistic_cell() -> None:
    given = [cell("oci_m", "vanilla", 0.25), cell("oci_m", "label_only", 0.0, best_seed=0.125)]
    rows = cells(page.overview(given, snapshots()))[1:]
    assert rows[0] == ["threshold selected on the target", "2", "+0.125", "+0.000 (oci_m, label_only)", "+0.250 (oci_m, vanilla)"]
    assert rows[2][:3] == ["best seed on the target", "1", "+0.125"]  # the other cell has one seed
    assert rows[3] == ["best step on the target", "1", "+0.250", *["+0.250 (oci_m, vanilla)"] * 2]
    alone = cells(page.overview([cell("oci_m", "vanilla", 0.25)], None))
    assert not any("seed" in row[0] or "step" in row[0] for row in alone)


def test_the_answer_is_the_mean_and_the_most_of_the_oracle() -> None:
    text = page.answer([cell("oci_m", "vanilla", 0.25), cell("oci_m", "label_only", 0.0)])
    assert "by 0.125 on average over 2 results, and by 0.250 at most" in text
    assert page.answer([]) == tables.NO_RESULTS


def test_each_cell_has_a_row_in_the_order_of_the_runs() -> None:
    given = [cell("ocm_i", "label_only", 0.25), cell("oci_m", "vanilla", 0.125), cell("oci_m", "label_only", 0.0)]
    ordered = tables.in_order(given, RUNS)
    rows = cells(page.table_by_cell(ordered))[1:]
    assert [row[:3] for row in rows] == [["oci_m", "label_only", "1"], ["oci_m", "vanilla", "1"], ["ocm_i", "label_only", "1"]]
    assert rows[1][3:6] == ["0.500 [0.500, 0.500]", "0.375 [0.375, 0.375]", "+0.125 [+0.125, +0.125]"]
    assert rows[1][8:] == ["–", "–"]
    polarities = cells(page.polarity_table(ordered, 0.01))
    assert polarities[0][4:6] == ["bona fide positive: 1 − BPCER at APCER ≤ 1 %", "attack positive: 1 − APCER at BPCER ≤ 1 %"]
    assert polarities[1][2:] == ["1 of 120", "0 of 40", "0.250 [0.250, 0.250]", "0.750 [0.750, 0.750]", "-0.500 [-0.500, -0.500]"]


def ours(optimism: Optimism) -> list[str]:
    given = tables.in_order(optimism.cells.values(), RUNS)
    rows = {row[0]: row for row in cells(page.published_table(optimism, given, published.load(), RUNS))}
    assert rows["DBMNet"][2:] == ["13.97 % [2]", "8.65 % [2]", "+5.32 points [2, D]"]
    return rows["here: vanilla"]


def test_published_pairs_have_marks_and_ours_are_means_over_leave_one_out_targets() -> None:
    given = [cell("oci_m", "vanilla", 0.25), cell("oci_w", "vanilla", 0.25)]
    assert ours(report(*given))[1] == "oci_m"  # SiW-Mv2 is no leave-one-out target
    means = [mean(["oci_m", "ocm_i"], "vanilla", 0.125), mean(["oci_w", "ocm_w"], "vanilla", 0.375)]
    assert ours(report(*given, means=means))[1:] == [
        "oci_m, ocm_i",
        "0.500 [0.500, 0.500]",
        "0.375 [0.375, 0.375]",
        "+0.125 [+0.125, +0.125]",
    ]


@pytest.mark.parametrize(("apart", "sentence"), [(1e-6, "scores equal those of the job"), (0.25, "**not** those of the job")])
def test_snapshots_say_whether_they_end_at_the_jobs_own_model(apart: float, sentence: str) -> None:
    text = page.snapshot_table(snapshots(apart))
    assert "scored 2 times, the last time at its end, step 20" in text
    assert sentence in text
    assert ("up to 0.250" in text) == (apart > page.SAME_MODEL)
    assert cells(text)[-1] == ["best step and threshold on the target", "10", "0.125 [0.125, 0.125]", "+0.375 [+0.375, +0.375]"]


def test_a_report_without_snapshots_says_so(tmp_path: Path) -> None:
    rendered = page.render(material(tmp_path, optimism=report(cell("oci_m", "vanilla", 0.25)), published=published.load()))
    assert rendered["snapshots"] == rendered["figure_snapshots"] == page.NO_SNAPSHOTS
    assert not list(tmp_path.iterdir())


def pixels(draw: Any) -> np.ndarray:
    buffer = io.BytesIO()
    draw(buffer)
    return np.asarray(Image.open(buffer).convert("RGB"), dtype=int)


def test_the_figure_of_snapshots_is_the_same_twice_and_follows_its_data(tmp_path: Path) -> None:
    training = snapshots()
    assert (pixels(lambda path: curves.snapshots(training, path)) == pixels(lambda path: curves.snapshots(training, path))).all()
    moved = dataclasses.replace(
        training, steps=[dataclasses.replace(training.steps[0], oracle_hter=figure(0.2)), training.steps[1]]
    )
    assert (pixels(lambda path: curves.snapshots(training, path)) != pixels(lambda path: curves.snapshots(moved, path))).any()
    lonely = dataclasses.replace(training.steps[0], hter_dev=dataclasses.replace(NO_FIGURE, value=0.25))
    curves.snapshots(dataclasses.replace(training, steps=[lonely]), tmp_path / "lonely.png")
    curves.cumulative({}, {}, tmp_path / "none.png")
    assert {path.name for path in tmp_path.iterdir()} == {"lonely.png", "none.png"}


def test_a_cumulative_line_is_at_the_share_below_a_threshold(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: dict[str, tuple[list[float], list[float]]] = {}
    cuts: list[float] = []
    panel = SimpleNamespace(
        step=lambda x, y, label, **_: lines.update({label: (list(map(float, x)), list(map(float, y)))}),
        axvline=lambda x, **_: cuts.append(x),
        get_legend_handles_labels=lambda: ([], []),
        **{name: (lambda *_, **__: None) for name in ("set_xlim", "set_title", "set_ylabel", "set_xlabel")},
    )
    monkeypatch.setattr(curves, "grid", lambda *_, **__: (None, np.array([[panel]], dtype=object)))
    monkeypatch.setattr(curves, "saved", lambda *_: contextlib.nullcontext())
    key = ("oci_m", "vanilla")
    curves.cumulative({key: {"bona fide": [0.2], "attack": [0.9, 0.4]}}, {key: {"dev": 0.5, "oracle": 0.3}}, io.BytesIO())
    x, y = lines["attack"]
    below = {cut: y[max(n for n, value in enumerate(x) if value <= cut)] for cut in (0.3, 0.5, 0.95)}
    assert below == {0.3: 0.0, 0.5: 0.5, 0.95: 1.0}
    assert cuts == [0.5, 0.3]
