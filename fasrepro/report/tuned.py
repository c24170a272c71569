"""The table of learning rates: what each run chose among, on dev, and what each rate comes to on the target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.report import fragments, tables

COLUMNS = ("run", "learning rate", "chosen", "dev AUC", "HTER on the target, dev threshold", "AUC on the target")


def table(tuning: Mapping[str, Any], runs: Sequence[str], like: Mapping[str, str], within: float) -> str:
    """Return the fragment; `tuning` as in metrics.json.

    `like` maps a run to the one whose rate it takes; dev AUCs no further apart than `within` are not told apart.
    """
    rows = []
    for run in sorted(tuning, key=runs.index):
        entry = tuning[run]
        rates = entry["rates"] or {f"{entry['chosen']:g}": {}}
        for rate, found in sorted(rates.items(), key=lambda item: float(item[0])):
            chosen = "chosen" if float(rate) == entry["chosen"] else ""
            rows.append([run, rate, chosen, *(tables.number(found.get(name)) for name in ("dev_auc", "hter_dev", "auc"))])
    if not rows:
        return tables.NOTHING
    places = sorted({entry["protocol"] for entry in tuning.values()})
    said = [f"Chosen on the dev videos of {', '.join(places)}, one seed.", _saturation(tuning, within)]
    if borrowed := sorted({run for run, other in like.items() if other in tuning and run in runs}):
        others = sorted({like[run] for run in borrowed})
        said.append(f"{', '.join(borrowed)} take the rate of {', '.join(others)}.")
    return f"{' '.join(filter(None, said))}\n\n{fragments.table(COLUMNS, rows)}"


def _saturation(tuning: Mapping[str, Any], within: float) -> str:
    names = [run for run, entry in tuning.items() if entry["saturated"]]
    if not names:
        return ""
    return f"For {', '.join(names)} all rates lie within {within:g} of each other in dev AUC: dev does not tell them apart."
