"""Tables of habits: rows in the order of runs, what is not there shown as such, published pairs with their marks."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fasrepro.report import curves, optimism, published
from tests.report.test_tables import cells

RUNS = ["label_only", "vanilla"]


def figure(value: float | None) -> dict[str, float | None]:
    return {"value": value, "low": value, "high": value}


def job(protocol: str, run: str, gain: float, transfer: bool = False, best_seed: float | None = None) -> dict[str, Any]:
    return {
        "protocol": protocol,
        "run": run,
        "transfer": transfer,
        "seeds": {"0": {}},
        "counts": {"attack": 120, "bona_fide": 40, "attack_allowed": 1, "bona_fide_allowed": 0, "subjects": 8},
        "hter": {
            "honest": figure(0.5),
            "oracle_threshold": figure(0.5 - gain),
            "one_frame": figure(0.625),
            "best_seed": figure(best_seed),
        },
        "flatters_by": {"oracle_threshold": figure(gain), "one_frame": figure(-0.125), "best_seed": figure(best_seed)},
        "tpr": {"bona_fide_positive": figure(0.25), "attack_positive": figure(0.75), "difference": figure(-0.5)},
    }


def look(step: int, dev: float, oracle: float) -> dict[str, Any]:
    return {"step": step, "threshold_dev": 0.5, "dev_auc": 0.9, "hter_dev": figure(dev), "hter_oracle": figure(oracle)}


def chosen(step: int, hter: float, gain: float) -> dict[str, Any]:
    return {"step": step, "hter": figure(hter), "flatters_by": figure(gain)}


def report(*jobs: dict[str, Any], means: list[dict[str, Any]] | None = None, apart: float = 0.0) -> dict[str, Any]:
    trace = {
        "protocol": "oci_m",
        "run": "vanilla",
        "seed": 2,
        "apart_from_job": apart,
        "steps": [look(10, 0.25, 0.125), look(20, 0.5, 0.375)],
        "last": chosen(20, 0.5, 0.0),
        "best_on_dev": chosen(10, 0.25, 0.25),
        "best_on_target": chosen(10, 0.25, 0.25),
        "best_on_target_with_oracle_threshold": chosen(10, 0.125, 0.375),
    }
    named = {f"{number}": one for number, one in enumerate(jobs)}
    return {"jobs": named, "means": means or [], "trace": trace, "settings": {"limit": 0.01}}


def test_the_overview_names_where_a_habit_flatters_least_and_most() -> None:
    found = report(job("oci_m", "vanilla", 0.25), job("oci_m", "label_only", 0.0, best_seed=0.125))
    rows = cells(optimism.overview(found, RUNS))[1:]
    assert rows[0] == ["threshold chosen on the target", "2", "+0.125", "+0.000 (oci_m, label_only)", "+0.250 (oci_m, vanilla)"]
    assert rows[2][:3] == ["best seed on the target", "1", "+0.125"]  # the other job has one seed
    assert rows[3] == ["best step on the target", "1", "+0.250", *["+0.250 (oci_m, vanilla)"] * 2]
    alone = cells(optimism.overview(report(job("oci_m", "vanilla", 0.25)), RUNS))
    assert not any("seed" in row[0] for row in alone)


def test_a_row_a_job_in_the_order_of_the_runs() -> None:
    found = report(job("ocm_i", "label_only", 0.25), job("oci_m", "vanilla", 0.125), job("oci_m", "label_only", 0.0))
    rows = cells(optimism.table(found, RUNS))[1:]
    assert [row[:3] for row in rows] == [["oci_m", "label_only", "1"], ["oci_m", "vanilla", "1"], ["ocm_i", "label_only", "1"]]
    assert rows[1][3:6] == ["0.500 [0.500, 0.500]", "0.375 [0.375, 0.375]", "+0.125 [+0.125, +0.125]"]
    assert rows[1][8:] == ["–", "–"]
    polarities = cells(optimism.polarities(found, RUNS))
    assert polarities[0][4:6] == ["bona fide positive: 1 − BPCER at APCER ≤ 1 %", "attack positive: 1 − APCER at BPCER ≤ 1 %"]
    assert polarities[1][2:] == ["1 of 120", "0 of 40", "0.250 [0.250, 0.250]", "0.750 [0.750, 0.750]", "-0.500 [-0.500, -0.500]"]


def test_published_pairs_bear_their_marks_and_ours_are_means_where_there_are_several_targets() -> None:
    figures = published.load()
    one = report(job("oci_m", "vanilla", 0.25), job("oci_w", "vanilla", 0.25, transfer=True))
    rows = {row[0]: row for row in cells(optimism.beside_published(one, figures, RUNS))}
    assert rows["DBMNet"][2:] == ["13.97 % [2]", "8.65 % [2]", "+5.32 points [2, D]"]
    assert rows["here: vanilla"][1] == "oci_m"  # and not the transfer
    mean = {**job("", "vanilla", 0.125), "protocols": ["oci_m", "ocm_i"]}
    rows = {
        row[0]: row
        for row in cells(optimism.beside_published(report(job("oci_m", "vanilla", 0.25), means=[mean]), figures, RUNS))
    }
    assert rows["here: vanilla"][1:] == [
        "oci_m, ocm_i",
        "0.500 [0.500, 0.500]",
        "0.375 [0.375, 0.375]",
        "+0.125 [+0.125, +0.125]",
    ]


@pytest.mark.parametrize(("apart", "said"), [(1e-6, "last scores are those of the job"), (0.25, "**not** those of the job")])
def test_the_trace_says_whether_it_ends_at_the_jobs_own_model(apart: float, said: str) -> None:
    text = optimism.steps(report(apart=apart)["trace"])
    assert "scored 2 times on its way, at the end at step 20" in text
    assert said in text
    assert ("0.250: a training" in text) == (apart > optimism.SAME)
    assert cells(text)[-1] == ["best step and threshold on the target", "10", "0.125 [0.125, 0.125]", "+0.375 [+0.375, +0.375]"]


def test_every_fragment_that_the_page_includes_is_written() -> None:
    page = (Path(__file__).parents[2] / "book" / "habits.md").read_text(encoding="utf-8")
    made = optimism.fragments_of(report(job("oci_m", "vanilla", 0.25)), published.load(), RUNS)
    assert {name for name in made if f"_generated/{name}.md" in page} == set(made)


def pixels(draw: Any) -> np.ndarray:
    buffer = io.BytesIO()
    draw(buffer)
    return np.asarray(Image.open(buffer).convert("RGB"), dtype=int)


def test_the_drawings_have_the_same_bytes_twice_and_follow_what_they_show(tmp_path: Path) -> None:
    trace = report()["trace"]
    assert (pixels(lambda path: curves.trace(trace, path)) == pixels(lambda path: curves.trace(trace, path))).all()
    moved = {**trace, "steps": [look(10, 0.25, 0.2), look(20, 0.5, 0.375)]}
    assert (pixels(lambda path: curves.trace(trace, path)) != pixels(lambda path: curves.trace(moved, path))).any()
    lonely = {**trace, "steps": [look(10, 0.25, 0.125) | {"hter_dev": {"value": 0.25, "low": None, "high": None}}]}
    curves.trace(lonely, tmp_path / "lonely.png")
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
    place = ("oci_m", "vanilla")
    curves.cumulative({place: {"bona fide": [0.2], "attack": [0.9, 0.4]}}, {place: {"dev": 0.5, "oracle": 0.3}}, io.BytesIO())
    x, y = lines["attack"]
    below = {cut: y[max(n for n, value in enumerate(x) if value <= cut)] for cut in (0.3, 0.5, 0.95)}
    assert below == {0.3: 0.0, 0.5: 0.5, 0.95: 1.0}
    assert cuts == [0.5, 0.3]
