"""Tables of the tests that only describe a difference, and of how small a difference each protocol can tell."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fasrepro.report import claims, fragments, gallery, headings, tables
from fasrepro.report.paired import oriented
from fasrepro.report.published import Figure

CLAIMED = ("p1_loo_vanilla_hter", "p1_loo_mixed_hter")  # paper 1: a baseline's HTER, and a lower one of the run
METRIC = "hter_dev"  # whose smallest detectable difference is shown
GROUPS = {"bona_fide": "bona fide", "attack": "attack", "all": "all videos"}
SMALL = 0.001  # a smaller p is printed as being smaller: three decimals would make it 0


def _pairs(metrics: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the pairs of runs that a claim is about as (baseline, run), the earlier first, as `tables.paired` has them."""
    return claims.compared(list(dict.fromkeys(job["run"] for job in metrics["jobs"].values())))


def _table(columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    rows = list(rows)
    return fragments.table(columns, rows) if rows else tables.NOTHING


def p_value(value: float | None) -> str:
    """Return a p-value with three decimals, "< 0.001" below that, and a dash where there is none."""
    return f"< {SMALL:g}" if value is not None and value < SMALL else tables.number(value)


def _p(entry: Mapping[str, Any]) -> str:
    return f"{p_value(entry['p'])} ({p_value(entry['p_holm'])})"


def turned(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return baseline against run of a row of run against baseline: the AUC difference's sign and the counts exchanged."""
    made = {**row, "run": row["baseline"], "baseline": row["run"]}
    if "auc" in row:
        made["auc"] = {**row["auc"], "difference": 0.0 - row["auc"]["difference"]}
    for name in GROUPS:
        made[name] = {**row[name], "run_only": row[name]["baseline_only"], "baseline_only": row[name]["run_only"]}
    return made


def tests(metrics: Mapping[str, Any], head: bool) -> str:
    """Return the table of descriptive tests, a row per pair, protocol and seed: of the `head`, or else of the readers."""
    place = {job["protocol"]: number for number, job in enumerate(metrics["jobs"].values())}
    cells = []
    for baseline, run in _pairs(metrics):
        found = [row for row in metrics["descriptive"] if {row["run"], row["baseline"]} == {run, baseline}]
        found = [row if row["run"] == run else turned(row) for row in found if (row["channel"] == claims.HEAD) == head]
        for row in sorted(found, key=lambda row: (place[row["protocol"]], row["channel"], row["seed"])):
            counted = [f"{row[name]['run_only']} : {row[name]['baseline_only']}, p {_p(row[name])}" for name in GROUPS]
            first = [tables.number(row["auc"]["difference"], signed=True), _p(row["auc"])] if head else [row["channel"]]
            cells.append([row["protocol"], f"{run} − {baseline}", row["seed"], *first, *counted])
    first = ["AUC difference", "DeLong's p (Holm)"] if head else ["reader"]
    return _table(["protocol", "run − baseline", "seed", *first, *(f"{name}: right alone" for name in GROUPS.values())], cells)


def claimed(published: Mapping[str, Figure]) -> str:
    """Return paper 1's difference in HTER, baseline minus run, marked as derived and as what it is derived from."""
    first, second = (published[name] for name in CLAIMED)
    return f"{first.share - second.share:.2f} [{', '.join(sorted({first.evidence, second.evidence, 'D'}))}]"


def power(metrics: Mapping[str, Any], published: Mapping[str, Figure]) -> str:
    """Return the table of the smallest detectable difference per pair of runs and protocol, under what it means."""
    paper, cells = claimed(published), []
    for baseline, run in _pairs(metrics):
        found = [
            row
            for row in oriented(metrics["paired"], run, baseline)
            if (row["channel"], row["level"], row["metric"]) == (claims.HEAD, "video", METRIC)
        ]
        for row in sorted(found, key=lambda row: ("protocols" in row, row["protocol"])):
            sizes = [row["subjects"], row["seeds"]]
            cells.append([tables.protocols_of(row), f"{run} − {baseline}", *sizes, tables.number(row["detectable"]), paper])
    if not cells:
        return tables.NOTHING
    columns = ["protocol", "runs", "subjects", "seeds", f"smallest detectable difference: {headings.RESULTS[METRIC]}"]
    return f"{_meaning(metrics['settings'], published)}\n\n{fragments.table([*columns, 'paper 1 claims'], cells)}"


def _meaning(settings: Mapping[str, Any], published: Mapping[str, Figure]) -> str:
    first, second = (published[name] for name in CLAIMED)
    margin, often = settings["ledger"]["margin"], settings["descriptive"]["power"]
    beyond = f", and the ledger's margin of {margin:g} comes on top" if margin else ""
    paper = f"{first.shown} − {second.shown} = {claimed(published)} ({first.where}; {first.setting}; {first.note})"
    return (
        f"If two runs truly differ by this much, the {settings['evaluation']['confidence'] * 100:g} % interval of the difference"
        f" leaves zero out in {often * 100:g} % of repetitions, by a normal approximation to the spread of the paired"
        f" bootstrap{beyond}. Few subjects and seeds show less spread than there is, so that the true figure is rather larger."
        f" Beside it what paper 1 claims: {gallery.escaped(paper)}."
    )


def fragments_of(metrics: Mapping[str, Any], published: Mapping[str, Figure]) -> dict[str, str]:
    """Return every fragment of this module by its name; raises `ValueError` where metrics.json is older than they."""
    if "descriptive" not in metrics or "descriptive" not in metrics["settings"]:
        raise ValueError("results/metrics.json holds no descriptive tests, an earlier version wrote it; run `dvc repro evaluate`")
    return {
        "power_table": power(metrics, published),
        "descriptive_table": tests(metrics, head=True),
        "descriptive_readers_table": tests(metrics, head=False),
    }
