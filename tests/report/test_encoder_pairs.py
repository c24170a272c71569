"""The part of the page on pairs: runs beside the foundation, runs against each other, and what is said without any."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fasrepro.evaluation.results import Figure
from fasrepro.evaluation.results.pair_gains import FOUNDATION, ComparedOrders, Order, PairGains
from fasrepro.report import encoder_pairs, recorded
from fasrepro.report.material import Material
from fasrepro.report.pages import encoder
from tests.report.conftest import cells
from tests.report.samples import metrics

UP = Order(0.5, 0.75, Figure(0.25, 0.125, 0.375))
ALONE = Order(0.5, 1.0, Figure(0.5, None, None))
BY_CUE = {"screen_tint": UP, "curl": ALONE}
MORE = Order(0.75, 0.875, Figure(0.125, -0.125, 0.25))
PAIRS = PairGains(
    {
        f"two_to_eleven-{run}": ComparedOrders("two_to_eleven", run, FOUNDATION, [0], 30, 12, UP, BY_CUE)
        for run in ("label_two_stage", "cepl")
    },
    [ComparedOrders("two_to_eleven", "label_two_stage", "cepl", [0], 30, 12, MORE, {})],
)
NONE = PairGains({}, [])
PARAMS: dict[str, Any] = {"runs": {"label_two_stage": {}, "cepl": {}}}


def render(folder: Path, own: PairGains, *runs: recorded.Run) -> dict[str, str]:
    inputs = {"pair_gains": own, "recorded": list(runs)}
    return encoder_pairs.render(Material(PARAMS, encoder.NEEDS, folder, "encoder", loaded=inputs))


def record(profile: str, gains: PairGains | None) -> recorded.Run:
    return recorded.Run(profile, "1", "a", 0.9, None, 0, {}, {}, {}, metrics(), pair_gains=gains)


def test_a_run_stands_beside_the_foundation_in_the_order_of_params(tmp_path: Path) -> None:
    fragments = render(tmp_path, PAIRS)
    rows = cells(fragments["pairs"].partition("\n\n")[2])
    assert [row[1] for row in rows[1:]] == ["label_two_stage", "cepl"]
    assert rows[1][3:] == ["30 / 12", "0.500", "0.750", "+0.250 [+0.125, +0.375]"]
    assert cells(fragments["pairs_by_cue"])[1][2:] == ["screen tint", "0.500", "0.750", "+0.250 [+0.125, +0.375]"]
    assert list(tmp_path.glob("**/pairs*"))


def test_runs_are_compared_once_the_later_minus_the_earlier(tmp_path: Path) -> None:
    _, row = cells(render(tmp_path, PAIRS)["pairs_between"])
    assert row[1:] == ["cepl − label_two_stage", "1", "-0.125 [-0.250, +0.125]"]


def test_a_record_stands_in_and_one_without_pairs_is_passed_over(tmp_path: Path) -> None:
    fragments = render(tmp_path, NONE, record("one_to_eleven", None), record("paper2_ablations", PAIRS))
    assert fragments["pairs"].startswith("Figures are those of a recorded run, profile paper2_ablations")


def test_without_any_the_page_says_not_run(tmp_path: Path) -> None:
    fragments = render(tmp_path, NONE, record("one_to_eleven", None))
    assert fragments["pairs"].startswith("Not run: no run in two stages")
    assert {fragments[name] for name in encoder_pairs.FRAGMENTS} == {"–\n"}
