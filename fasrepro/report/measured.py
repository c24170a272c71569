"""Every fragment that the files of results decide, gathered from the modules that make them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro.report import captioned, descriptive, grounded, optimism, tuned, unseen, verdict_agreement
from fasrepro.report.published import Figure

RESULTS = ("metrics", "grounding", "readings", "unseen", "habits", "faithfulness")  # the files of results that they come from


def draw(results: Mapping[str, Mapping[str, Any]], folder: Path) -> None:
    """Draw the figures of these results into `folder`."""
    unseen.draw(results["unseen"], folder)
    optimism.draw(results["habits"], folder)


def fragments_of(
    results: Mapping[str, Mapping[str, Any]],
    published: Mapping[str, Figure],
    runs: Sequence[str],
    readers: Sequence[str],
    counted: Sequence[str],
    tuning: Mapping[str, Any],
    synthetic: bool,
) -> dict[str, str]:
    """Return the fragments by name.

    `results` holds what results/<name>.json holds, by that name, and as "captions" the report of each style; `readers` and
    `counted` as for `readings`; `tuning` is params' section.
    """
    metrics = results["metrics"]
    trained = {job["run"] for job in metrics["jobs"].values()}
    like = {run: other for run, other in tuning["like"].items() if run in trained}
    return {
        **captioned.fragments_of(results["captions"]),
        **descriptive.fragments_of(metrics, published),
        **verdict_agreement.fragments_of(results["readings"], metrics, runs, readers, counted),
        **optimism.fragments_of(results["habits"], published, runs),
        **unseen.fragments_of(results["unseen"], metrics["settings"], runs),
        "grounding": grounded.table(results["grounding"], runs, synthetic),
        "learning_rates": tuned.table(metrics["tuning"], runs, like, tuning["saturation"]),
    }
