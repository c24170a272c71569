"""The page on the verdict's test: each rate under its number of subjects, and the worst case named."""

from __future__ import annotations

import io

from fasrepro.evaluation.results.calibration import Calibration, CalibrationCase
from fasrepro.report.pages import calibration as page
from tests.report.conftest import cells


def case(layout: str, seeds: int, subjects: int, false: float, power: float = 0.5) -> CalibrationCase:
    return CalibrationCase(layout, "people", seeds, subjects, false, {"0.1": power, "0.2": power / 2})


RECORD = Calibration(
    trials=400,
    confidence=0.95,
    effect=0.15,
    hter=0.2,
    dev_people=8,
    cases=[case("one target", 5, 8, 0.05), case("one target", 5, 20, 0.0625, 0.75), case("four protocols", 3, 20, 0.01)],
    code_md5={},
)


def test_the_answer_names_the_promise_the_mean_and_the_worst_case() -> None:
    text = page.answer(RECORD)
    assert "at most 5 false verdicts in 100" in text
    assert "In 3 simulated cases there were 4.1 on average, and 6.2 in the worst" in text
    assert "(one target, varying: people, 5 seeds, 20 subjects)" in text


def test_each_rate_is_under_its_number_of_subjects() -> None:
    heading, first, second = cells(page.false_verdict_table(RECORD.cases))
    assert heading == ["mean over", "what varies", "seeds", "8 subjects", "20 subjects"]
    assert first == ["one target", "people", "5", "5.0", "6.2"]
    assert second == ["four protocols", "people", "3", "–", "1.0"]


def test_power_is_by_error_of_the_baseline_and_subjects() -> None:
    heading, first, _ = cells(page.power_table(RECORD.cases))
    assert heading[3:] == ["HTER 0.1, 8 subjects", "HTER 0.1, 20 subjects", "HTER 0.2, 8 subjects", "HTER 0.2, 20 subjects"]
    assert first[3:] == ["50", "75", "25", "38"]


def test_the_figure_is_the_same_twice() -> None:
    first, second = io.BytesIO(), io.BytesIO()
    page.draw(RECORD, first)
    page.draw(RECORD, second)
    assert first.getvalue() == second.getvalue() != b""
