"""The page of results: right numbers in right cells, text escaped, and a notice if there is nothing."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

from fasrepro.evaluation.results import HEAD, Figure
from fasrepro.report import tables
from fasrepro.report.pages import results
from tests.report.conftest import cells
from tests.report.samples import material, metrics

RUNS = ["label_only", "vanilla", "reasoning"]


def test_each_figure_is_under_its_heading(world: SimpleNamespace) -> None:
    ordered = tables.in_order(world.metrics.cells.values(), RUNS)
    heading, *rows = cells(results.result_table(ordered, "video"))
    assert len(rows) == 6
    for row in rows:
        named = dict(zip(heading, row, strict=True))
        figures = world.metrics.cells[f"{named['protocol']}-{named['run']}"].mean.video.figures
        assert named["AUC"] == tables.interval(figures["auc"])
        assert named["HTER, dev threshold"] == tables.interval(figures["hter_dev"])
        assert named["HTER, oracle threshold (chosen on the target)"] == tables.interval(figures["oracle_hter"])


def test_tables_keep_the_order_of_the_runs(world: SimpleNamespace) -> None:
    runs = ["vanilla", "reasoning", "label_only"]
    rows = cells(results.result_table(tables.in_order(world.metrics.cells.values(), runs), "video"))[1:]
    assert [row[1] for row in rows] == runs * 2
    pairs = [row[:2] for row in cells(results.paired_table(world.metrics, runs))[1:]]
    assert ["oci_m", "label_only − vanilla"] in pairs  # the later minus the earlier, and never the other way
    assert ["oci_m", "vanilla − label_only"] not in pairs
    assert [scope for scope, _ in pairs][:3] == ["oci_m", "ocm_i", "mean of oci_m, ocm_i"]


def test_a_species_that_a_target_lacks_is_a_dash(world: SimpleNamespace) -> None:
    heading, *rows = cells(results.species_table(tables.in_order(world.metrics.cells.values(), RUNS)))
    assert heading[2:] == ["print", "replay photo", "replay video"]
    assert all((row[3] == "–") == (row[0] == "oci_m") for row in rows)  # MSU has no photo replays


def test_still_images_have_a_word_in_place_of_figures_by_video(world: SimpleNamespace, tmp_path: Path) -> None:
    video = world.metrics.cells["oci_m-vanilla"]
    readers = {name: dataclasses.replace(levels, video=None) for name, levels in video.mean.readers.items()}
    still = dataclasses.replace(video, mean=dataclasses.replace(video.mean, video=None, readers=readers))
    heading, row = cells(results.result_table([still], "video"))
    assert row[heading.index("videos (bona fide + attack)")] == "still images"
    assert row[heading.index("AUC")] == "no video"
    heading, row = cells(results.result_table([still], "frame"))
    assert row[heading.index("AUC")] == tables.interval(video.mean.frame.figures["auc"])
    heading, *rows = cells(results.reader_table([still]))
    assert {row[heading.index("undecided")] for row in rows} == {"no video"}
    heading, row = cells(results.species_table([still]))
    assert row[heading.index("print")] == tables.interval(video.mean.frame.apcer["print"])
    drawings = results.result_figures(material(tmp_path, scores=[], faces={}, metrics=metrics(cells=[still])), [still])
    assert set(drawings) >= {"figure_hter", "figure_readers", "figure_thresholds", "figure_species"}


def test_each_paired_difference_is_under_its_heading(world: SimpleNamespace) -> None:
    heading, *rows = cells(results.paired_table(world.metrics, RUNS))
    (stored,) = [
        row
        for row in world.metrics.paired
        if (row.cell, row.run, row.baseline, row.metric, row.level, row.channel)
        == ("oci_m", "vanilla", "reasoning", "auc", "video", HEAD)
    ]
    assert stored.low is not None and stored.high is not None
    (row,) = [row for row in rows if row[:2] == ["oci_m", "reasoning − vanilla"]]
    flipped = Figure(-stored.difference, -stored.high, -stored.low)
    assert row[heading.index("AUC")] == tables.interval(flipped, signed=True)


def test_the_name_of_a_run_is_escaped(world: SimpleNamespace) -> None:
    cell = dataclasses.replace(world.metrics.cells["oci_m-vanilla"], run="<b>a|b</b> {{x}} `code`")
    text = results.result_table([cell], "video")
    assert not any(raw in text for raw in ("<b>", "a|b", "{{", "`"))
    assert cells(text)[1][1] == "<b>a|b</b> {{x}} `code`"


def test_readers_have_a_row_each_by_video_and_by_frame(world: SimpleNamespace) -> None:
    ordered = tables.in_order(world.metrics.cells.values(), RUNS)
    rows = cells(results.reader_table(ordered))[1:]
    assert [row[:3] for row in rows[:2]] == [["oci_m", "label_only", "api"], ["oci_m", "label_only", "lexical"]]
    by_frame = cells(results.reader_table_by_frame(ordered))
    figures = ordered[0].mean.readers["api"].frame.figures
    assert by_frame[1][4:6] == [tables.interval(figures[name]) for name in ("accuracy", "hter")]


def test_a_simulated_reader_is_called_a_program() -> None:
    simulated = results.readers(material())
    assert "errs with probability 0.03" in simulated and "It reads 24 videos" in simulated
    everything = SimpleNamespace(readers=["api"], model="m", network_videos=0)
    assert "It reads all videos" in results.readers(material(params={"judging": everything}))
    real = material(params={"annotator": SimpleNamespace(base_url="https://api.example.org/v1")})
    assert "program on this machine" not in results.readers(real)


def test_scores_are_those_of_the_target(world: SimpleNamespace) -> None:
    faces = {face.face_id: face for face in world.faces}
    scores, cuts = results.target_scores(material(scores=world.scores, faces=faces, metrics=world.metrics))
    test_faces = [face for face in world.faces if face.dataset == "msu" and face.split == "test"]
    assert sum(map(len, scores["oci_m", "vanilla"].values())) == len(test_faces)
    assert cuts["oci_m", "vanilla"] == [world.metrics.cells["oci_m-vanilla"].by_seed[0].threshold_dev]


def test_without_results_the_tables_say_so() -> None:
    assert (
        results.result_table([], "video")
        == results.reader_table([])
        == results.paired_table(metrics(), RUNS)
        == tables.NO_RESULTS
    )
