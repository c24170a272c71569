"""Figures by group to render: one gap that can be told from none, and one that cannot."""

from __future__ import annotations

from fasrepro.evaluation import inference
from fasrepro.evaluation.results import Fairness, Figure
from fasrepro.evaluation.results.fairness import Compared, Group, GroupChange, GroupChanges, RunGroups, entry_key
from fasrepro.evaluation.results.shared import FaceCounts

DEGREES = 8.0
CELLS, PROTOCOLS, TARGETS = ["oci_m", "omi_c"], ["oci_m", "omi_c"], ["msu", "casia"]
UNKNOWN = Compared(None, None, None, None, None, None, 0)


def compared(value: float, error: float = 0.1) -> Compared:
    """Return a difference with the interval that its standard error gives."""
    bounds = inference.interval(value, error, DEGREES, 0.95)
    assert bounds is not None
    return Compared(value, *bounds, error, DEGREES, inference.detectable(error, DEGREES, 0.95), 5)


def group(rate: float, gap: Compared) -> Group:
    """Return a group with the same rates and gaps of both kinds."""
    figure = Figure(rate, rate / 2, (1 + rate) / 2)
    rates = {"bpcer": figure, "apcer": figure, "hter": figure}
    return Group(FaceCounts(9, 5), FaceCounts(20, 6), rates, {"bpcer": gap, "apcer": UNKNOWN})


def change(gap: Compared, before: float, rate: Compared, rate_before: float) -> GroupChange:
    """Return a change of both gaps, and of a rate."""
    rates = dict.fromkeys(("bpcer", "apcer", "hter"), rate)
    return GroupChange(
        rates, {"bpcer": gap, "apcer": UNKNOWN}, {"bpcer": before, "apcer": None}, dict.fromkeys(rates, rate_before)
    )


def run_groups(run: str, old_gap: float = 0.6) -> RunGroups:
    """Return a run over two cells: old people have a gap, tones have none that can be told, and one tone has no interval."""
    tones = {
        "Monk 1 to 4": group(0.2, compared(-0.1)),
        "Monk 5 to 7": group(0.25, compared(0.05)),
        "Monk 8 to 10": group(0.5, UNKNOWN),
    }
    ages = {"old": group(0.75, compared(old_gap)), "young": group(0.15, compared(-old_gap))}
    return RunGroups(CELLS, PROTOCOLS, TARGETS, run, 3, {"age": 2, "skin_tone": 0}, {"skin_tone": tones, "age": ages})


def changes(run: str = "reasoning", baseline: str = "label_only", of: RunGroups | None = None) -> GroupChanges:
    """Return what a run changes: the gap of old people by a lot, the others' not."""
    old = change(compared(-0.5), 0.6, compared(-0.2), 0.6)
    tones = {"Monk 8 to 10": change(compared(0.05), 0.1, compared(0.1), 0.4)}
    lights = {"above": change(UNKNOWN, 0.0, compared(0.3), 0.1), "left": change(UNKNOWN, 0.0, compared(-0.1), 0.5)}
    place = of or run_groups(run)
    attributes = {"age": {"old": old}, "skin_tone": tones, "light": lights}
    return GroupChanges(place.cells, place.protocols, place.targets, run, baseline, 3, attributes)


def fairness() -> Fairness:
    """Return two runs and what changes between them."""
    entries = [run_groups("reasoning", 0.1), run_groups("label_only")]
    return Fairness({entry_key(one.cells, one.run): one for one in entries}, [changes()], 0.95)


NONE = Fairness({}, [], 0.95)
