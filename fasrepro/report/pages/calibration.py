"""The page on the verdict's test: how often it errs where no difference exists, and what it sees where one does."""

from __future__ import annotations

from collections.abc import Sequence

from fasrepro.evaluation.results.calibration import Calibration, CalibrationCase
from fasrepro.report import figures, markdown, tables
from fasrepro.report.figures import Target
from fasrepro.report.material import Material, Needs

NEEDS = Needs(inputs=("calibration",), params=("ledger",))


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments, and draw its figure."""
    record = material.calibration
    return {
        "answer": markdown.answer(answer(record)),
        "figure": material.draw(
            "false_verdicts",
            lambda path: draw(record, path),
            "False verdicts in each case, by what varies. A mark is one number of seeds and subjects. Dotted: the rate that the"
            " test promises.",
        ),
        "false_verdicts": false_verdict_table(record.cases),
        "power": power_table(record.cases),
        "simulation": (
            f"{record.trials} trials a case, both runs with an expected HTER of {record.hter:g}. Power is counted over a quarter"
            f" as many, with the run's HTER lower by {record.effect * 100:g} % of the baseline's.\n"
        ),
    }


def values(material: Material) -> dict[str, str]:
    """Return the values that the page's text substitutes."""
    return {"calibration_dev_people": str(material.calibration.dev_people)}


def answer(record: Calibration) -> str:
    """Return how often the test errs, in the worst case and on average."""
    rates = [case.false_verdicts for case in record.cases]
    worst = max(record.cases, key=lambda case: case.false_verdicts)
    promised = (1 - record.confidence) * 100
    return (
        f"It promises at most {promised:.2g} false verdicts in 100. In {len(rates)} simulated cases there were"
        f" {100 * sum(rates) / len(rates):.1f} on average, and {100 * worst.false_verdicts:.1f} in the worst ({_name(worst)}).\n"
    )


def _name(case: CalibrationCase) -> str:
    return f"{case.layout}, varying: {case.regime}, {case.seeds} seeds, {case.subjects} subjects"


def _subjects(cases: Sequence[CalibrationCase]) -> list[int]:
    return sorted({case.subjects for case in cases})


def _rows(cases: Sequence[CalibrationCase]) -> dict[tuple[str, str, int], dict[int, CalibrationCase]]:
    """Return the cases of each (layout, regime, seeds), by subjects."""
    rows: dict[tuple[str, str, int], dict[int, CalibrationCase]] = {}
    for case in cases:
        rows.setdefault((case.layout, case.regime, case.seeds), {})[case.subjects] = case
    return rows


def false_verdict_table(cases: Sequence[CalibrationCase]) -> str:
    """Return the table of false verdicts in 100, a column a number of subjects."""
    columns = _subjects(cases)
    rows = [
        [
            layout,
            regime,
            seeds,
            *(f"{100 * by_subjects[n].false_verdicts:.1f}" if n in by_subjects else tables.NONE for n in columns),
        ]
        for (layout, regime, seeds), by_subjects in _rows(cases).items()
    ]
    return markdown.table(["mean over", "what varies", "seeds", *(f"{count} subjects" for count in columns)], rows)


def power_table(cases: Sequence[CalibrationCase]) -> str:
    """Return the table of how many differences in 100 are seen, by the baseline's HTER and the number of subjects."""
    columns = [(hter, count) for hter in sorted(cases[0].power) for count in _subjects(cases)]
    rows = [
        [
            layout,
            regime,
            seeds,
            *(f"{100 * by_subjects[n].power[hter]:.0f}" if n in by_subjects else tables.NONE for hter, n in columns),
        ]
        for (layout, regime, seeds), by_subjects in _rows(cases).items()
    ]
    titles = [f"HTER {hter}, {count} subjects" for hter, count in columns]
    return markdown.table(["mean over", "what varies", "seeds", *titles], rows)


def draw(record: Calibration, path: Target) -> None:
    """Draw the false verdicts of each layout, a mark a case, and what the test promises."""
    layouts = list(dict.fromkeys(case.layout for case in record.cases))
    regimes = list(dict.fromkeys(case.regime for case in record.cases))
    drawing, axes = figures.grid(1, 1, 3.2)
    with figures.saved(path, drawing):
        panel = axes[0][0]
        offsets = figures.spread(len(regimes))
        for number, regime in enumerate(regimes):
            own = [case for case in record.cases if case.regime == regime]
            places = [layouts.index(case.layout) + offsets[number] for case in own]
            figures.draw_points(panel, number, [100 * case.false_verdicts for case in own], places, regime)
        panel.axvline(100 * (1 - record.confidence), color="0.3", linestyle=":", linewidth=1)
        panel.set_yticks(range(len(layouts)), layouts)
        panel.set_ylim(len(layouts) - 0.5, -0.5)
        panel.set_xlim(left=0)
        panel.set_xlabel("false verdicts in 100")
        figures.draw_legend(drawing, [panel])
