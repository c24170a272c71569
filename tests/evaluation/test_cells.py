"""Which cells are averaged together."""

from __future__ import annotations

from collections import Counter

from fasrepro.data.published_protocols import published
from fasrepro.evaluation.cells import CellResults, Pool, pools
from tests.faces import face


def cell(protocol: str, target: str, sources: list[str], run: str = "vanilla") -> CellResults:
    dev = [face(f"{source}/1", "print") for source in sources]
    return CellResults(protocol, run, target, f"{protocol}>{target}", dev, [], {})


def test_targets_of_several_protocols_are_averaged_apart() -> None:
    mcio = ["msu", "casia", "replay", "oulu"]
    cells = []
    for held_out in mcio:
        sources = [name for name in mcio if name != held_out]
        cells += [cell(f"without {held_out}", target, sources) for target in (held_out, "siw_mv2")]
    by_cell = pools(cells)
    assert {name for name, pool in by_cell.items() if pool == Pool(False, 3)} == {f"without {name}>{name}" for name in mcio}
    assert {name for name, pool in by_cell.items() if pool == Pool(True, 3)} == {f"without {name}>siw_mv2" for name in mcio}


def test_protocols_with_fewer_sources_are_averaged_apart() -> None:
    cells = [cell("mi", "casia", ["msu", "replay"]), cell("mi", "oulu", ["msu", "replay"]), cell("oim", "casia", list("abc"))]
    assert pools(cells) == {"mi>casia": Pool(False, 2), "mi>oulu": Pool(False, 2), "oim>casia": Pool(False, 3)}


def test_all_targets_of_one_training_are_averaged_together() -> None:
    cells = [cell("one_to_many", target, ["wfas"], run) for target in ("msu", "siw_mv2", "oulu") for run in ("a", "b")]
    assert set(pools(cells).values()) == {Pool(False, 1)}


def test_protocols_within_a_data_set_are_averaged_with_their_own_folds_alone() -> None:
    names = ["oulu_1", "oulu_2", "oulu_3_1", "oulu_3_2", "own"]
    by_cell = pools([*(cell(name, "oulu", ["oulu"]) for name in names), cell("one_to_many", "oulu", ["wfas"])])
    assert [by_cell[f"{name}>oulu"] for name in names] == [
        Pool(False, 1, "oulu_1"),
        Pool(False, 1, "oulu_2"),
        Pool(True, 1, "oulu_3"),
        Pool(True, 1, "oulu_3"),
        Pool(False, 1, "own"),
    ]
    assert by_cell["one_to_many>oulu"] == Pool(False, 1)


def test_protocols_of_ones_own_are_no_folds() -> None:
    by_cell = pools(cell(name, "oulu", ["oulu"]) for name in ("oulu_few_people", "oulu_few_sources", "oulu_few"))
    assert set(by_cell.values()) == {Pool(False, 1, name) for name in ("oulu_few_people", "oulu_few_sources", "oulu_few")}


def test_published_protocols_are_folds_of_those_that_their_sources_state() -> None:
    within = {name: sides.train for name, sides in published().items() if sides.train == sides.test}
    folds = Counter(cell(name, sources[0], sources).series for name, sources in within.items())
    single = ["oulu_1", "oulu_2", "siw_1", "siw_mv2_1", "wmca_grandtest"]
    several = {"oulu_3": 6, "oulu_4": 6, "siw_2": 4, "siw_3": 2, "siw_mv2_2": 14, "wmca_loo": 7}
    assert folds == dict.fromkeys(single, 1) | several


def test_a_fold_may_be_named_by_what_it_leaves_out() -> None:
    assert cell("siw_mv2_2_partial_mouth", "siw_mv2", ["siw_mv2"]).series == "siw_mv2_2"


def test_the_fewest_dev_people_are_counted_in_one_source() -> None:
    dev = [
        face(f"{name}/{number}", "print", subject=f"{name}/{number}")
        for name, people in (("msu", 2), ("casia", 3))
        for number in range(people)
    ]
    assert CellResults("mc_i", "vanilla", "replay", "mc_i", [*dev, dev[0]], [], {}).fewest_dev_people == 2
