"""The field's habits, as tables and a figure: what each would flatter our own figures by, beside a published pair of figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro.report import curves, fragments, tables
from fasrepro.report.published import Figure

# A habit of habits.json, and what a table calls it.
HABITS = {
    "oracle_threshold": "threshold chosen on the target",
    "one_frame": "one frame a video",
    "best_seed": "best seed on the target",
}
STEPS = {
    "last": "last step (honest)",
    "best_on_dev": "step with the highest AUC on dev",
    "best_on_target": "best step on the target",
    "best_on_target_with_oracle_threshold": "best step and threshold on the target",
}
# Published pairs: the same scores with a threshold from the sources, and from the target.
PUBLISHED = {
    "SSDG-R": ("ssdg_realistic_hter", "ssdg_ideal_hter"),
    "RFMetaFAS": ("rfmetafas_realistic_hter", "rfmetafas_ideal_hter"),
    "DBMNet": ("dbmnet_realistic_hter", "dbmnet_ideal_hter"),
}
SAME = 1e-3  # scores no further apart than this are those of one model, trained twice
CAPTION = (
    "HTER on the target along one training. What is chosen on the target is marked white: the step alone, or the step and the"
    " threshold."
)


def _jobs(found: Mapping[str, Any], runs: Sequence[str]) -> list[Mapping[str, Any]]:
    return tables.by_protocol(found["jobs"].values(), runs)


def overview(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of habits: over how many jobs, and what each flatters by, on average, at least and at most."""
    rows = []
    for habit, name in HABITS.items():
        gains = [(job["flatters_by"][habit]["value"], f"{job['protocol']}, {job['run']}") for job in _jobs(found, runs)]
        gains = [(value, job) for value, job in gains if value is not None]
        if gains:
            mean = sum(value for value, _ in gains) / len(gains)
            shown = [f"{tables.number(value, signed=True)} ({job})" for value, job in (min(gains), max(gains))]
            rows.append([name, len(gains), tables.number(mean, signed=True), *shown])
    for key in list(STEPS)[2:]:
        gain = tables.number(found["trace"][key]["flatters_by"]["value"], signed=True)
        rows.append([STEPS[key], 1, gain, *[f"{gain} ({found['trace']['protocol']}, {found['trace']['run']})"] * 2])
    return fragments.table(["habit", "jobs", "HTER looks better by, on average", "at least", "at most"], rows)


def table(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of habits a job: the honest HTER, and of each habit HTER and what it flatters by; means over seeds."""
    rows = []
    for job in _jobs(found, runs):
        cells = [job["protocol"], job["run"], len(job["seeds"]), tables.interval(job["hter"]["honest"])]
        for habit in HABITS:
            cells += [tables.interval(job["hter"][habit]), tables.interval(job["flatters_by"][habit], signed=True)]
        rows.append(cells)
    columns = ["protocol", "run", "seeds", "HTER, honest"]
    columns += [text for name in HABITS.values() for text in (f"HTER, {name}", "flatters by")]
    return fragments.table(columns, rows) if rows else tables.NOTHING


def polarities(found: Mapping[str, Any], runs: Sequence[str]) -> str:
    """Return the table of both meanings of "TPR at FPR = limit", and how many errors the limit allows a target's videos."""
    limit, rows = f"{found['settings']['limit'] * 100:g} %", []
    for job in _jobs(found, runs):
        counts, tpr = job["counts"], job["tpr"]
        sizes = [f"{counts[f'{name}_allowed']} of {counts[name]}" for name in ("attack", "bona_fide")]
        shown = [tables.interval(tpr[name]) for name in ("bona_fide_positive", "attack_positive")]
        rows.append([job["protocol"], job["run"], *sizes, *shown, tables.interval(tpr["difference"], signed=True)])
    columns = [
        "protocol",
        "run",
        "attacks that may pass",
        "bona fide videos that may fail",
        f"bona fide positive: 1 − BPCER at APCER ≤ {limit}",
        f"attack positive: 1 − APCER at BPCER ≤ {limit}",
        "first − second",
    ]
    return fragments.table(columns, rows) if rows else tables.NOTHING


def beside_published(found: Mapping[str, Any], figures: Mapping[str, Figure], runs: Sequence[str]) -> str:
    """Return the table of published pairs of figures, and of our runs, averaged over their targets where there are several."""
    rows = []
    for method, (honest, oracle) in PUBLISHED.items():
        ours, theirs = figures[honest], figures[oracle]
        marks = ", ".join(sorted({ours.evidence, theirs.evidence, "D"}))
        gain = f"{(ours.share - theirs.share) * 100:+.2f} points [{marks}]"
        rows.append([method, f"{ours.setting} ({ours.source})", ours.shown, theirs.shown, gain])
    means = [row for row in found["means"] if not row["transfer"]]
    means = means or [{**job, "protocols": [job["protocol"]]} for job in _jobs(found, runs) if not job["transfer"]]
    for row in sorted(means, key=lambda row: runs.index(row["run"])):
        shown = [tables.interval(row["hter"][name]) for name in ("honest", "oracle_threshold")]
        gain = tables.interval(row["flatters_by"]["oracle_threshold"], signed=True)
        rows.append([f"here: {row['run']}", ", ".join(row["protocols"]), *shown, gain])
    columns = ["method or run", "targets", "HTER, threshold from the sources", "HTER, threshold from the target", "flatters by"]
    return fragments.table(columns, rows)


def steps(trace: Mapping[str, Any]) -> str:
    """Return what was looked at, and the table of steps that one may choose; `trace` is that of habits.json."""
    looks, last = len(trace["steps"]), trace["last"]["step"]
    same = trace["apart_from_job"] <= SAME
    whose = (
        "the last scores are those of the job on the other pages, which was trained without looks"
        if same
        else "the last scores are **not** those of the job on the other pages, which was trained without looks. They differ by up"
        f" to {trace['apart_from_job']:.3f}: a training does not end twice at the same model here"
    )
    told = (
        f"The run `{trace['run']}` on `{trace['protocol']}`, seed {trace['seed']}, was trained once more and scored {looks} times"
        f" on its way, at the end at step {last}: {whose}."
    )
    rows = []
    for key, name in STEPS.items():
        entry = trace[key]
        rows.append([name, entry["step"], tables.interval(entry["hter"]), tables.interval(entry["flatters_by"], signed=True)])
    return f"{told}\n\n{fragments.table(['chosen', 'step', 'HTER', 'flatters by'], rows)}"


def fragments_of(found: Mapping[str, Any], figures: Mapping[str, Figure], runs: Sequence[str]) -> dict[str, str]:
    """Return every fragment of this module by its name; `found` is results/habits.json, `runs` gives the order."""
    return {
        "habits_overview": overview(found, runs),
        "habits_table": table(found, runs),
        "habits_polarities": polarities(found, runs),
        "habits_published": beside_published(found, figures, runs),
        "habits_steps": steps(found["trace"]),
        "figure_trace": fragments.figure("trace", CAPTION, CAPTION),
    }


def draw(found: Mapping[str, Any], folder: Path) -> None:
    """Draw the trace into `folder`."""
    curves.trace(found["trace"], folder / "figures/trace.png")
