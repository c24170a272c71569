"""`fasrepro rescore`: score your own face anti-spoofing scores again, each honest figure beside its oracle.

The CSV file has a row a frame or a video and the columns split (dev or test), label (bona_fide or attack; or 0 and 1) and score;
if there are any, also video, subject, species and dataset. The threshold is chosen on dev; intervals resample subjects.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from fasrepro import files, hashing
from fasrepro.evaluation import rescore, score_file
from fasrepro.evaluation.rescore import APCER_AT, BPCER_AT, LIMIT, Figure
from fasrepro.report import published

# The same model under a threshold chosen on the target, and under one chosen on the sources: entries of published.yaml.
PAIR = {"oracle": "dbmnet_ideal_hter", "dev": "dbmnet_realistic_hter"}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a section: what it is, its figure, and a remark."""

    name: str
    figure: Figure
    remark: str = ""
    signed: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Return name, value and interval in percent, and remark."""
        value, low, high = (percent(self.figure[key], self.signed) for key in ("value", "low", "high"))
        return self.name, value, "-" if self.figure["low"] is None else f"[{low}, {high}]", self.remark


def percent(share: float | None, signed: bool = False) -> str:
    """Return a share in percent with two decimals; a dash where there is none."""
    return "-" if share is None else f"{share * 100:{'+' if signed else ''}.2f}"


def _sections(report: Mapping[str, Any]) -> Iterator[tuple[str, list[Line], list[str]]]:
    """Yield each heading with its lines, and what is said below them."""
    oracle, test = report["oracle"], report["counts"]["test"]
    if "dev" in report:
        found, cut = report["at_dev_threshold"], f"{report['dev']['threshold']:.6g}"
        side = "at least" if report["settings"]["higher_score_is"] == "attack" else "at most"
        yield (
            f"At the dev threshold (EER point of dev, data sets weighing the same): an attack scores {side} {cut}",
            [
                Line("HTER", found["hter_dev"]),
                *(Line(f"APCER, {species}", figure) for species, figure in found["apcer"].items()),
                Line("APCER, maximum of the species", found["apcer_max"]),
                Line("APCER, pooled", found["apcer_pooled"]),
                Line("BPCER", found["bpcer"]),
                Line("ACER, of the maximum and BPCER", found["acer"]),
            ],
            [],
        )
    yield "Without a threshold", [Line("AUC", report["auc"])], []
    yield (
        "ORACLE: thresholds chosen on test itself, so never a result alone",
        [
            Line("oracle HTER, best threshold", oracle["oracle_hter"], f"threshold {oracle['oracle_hter_threshold']:.6g}"),
            Line("oracle EER", oracle["oracle_eer"], f"threshold {oracle['oracle_eer_threshold']:.6g}"),
            _bounded("BPCER at APCER", oracle[BPCER_AT], "bona fide", test["attack"], "attacks"),
            _bounded("APCER at BPCER", oracle[APCER_AT], "attack", test["bona_fide"], "bona fide"),
        ],
        [],
    )
    if "dev" in report:
        remark = "never below 0, so that its interval cannot say there is none"
        lines = [Line("HTER, dev minus oracle, points", report["hter_dev_minus_oracle"], remark, signed=True)]
        yield "How optimistic the oracle threshold is", lines, _pair()
    if "first_frame" in report:
        hter, change = (report["first_frame"][name] for name in rescore.FRAMES)
        lines = [Line("HTER, first frame of each video", hter), Line("first frame minus mean, points", change, signed=True)]
        yield "One frame in place of the mean over a video, at the same dev threshold", lines, []


def _bounded(name: str, figure: Figure, positive: str, others: int, what: str) -> Line:
    """Return a line of "TPR at FPR", which says in which meaning, and how many errors the bound leaves."""
    limit, value = f"{LIMIT * 100:g} %", figure["value"]
    tpr = f'"TPR@FPR={limit}" if {positive} is positive: {percent(None if value is None else 1 - value)}'
    return Line(
        f"oracle {name} <= {limit}", figure, f"{tpr}; at most {math.floor(others * LIMIT + 1e-9)} of {others} {what} wrong"
    )


def _pair() -> list[str]:
    """Return lines about the published pair, with source and evidence marks."""
    figures = published.load()
    oracle, dev = figures[PAIR["oracle"]], figures[PAIR["dev"]]
    difference = percent(dev.share - oracle.share, signed=True)
    marks = "; ".join(f"[{mark}] {published.EVIDENCE[mark]}" for mark in sorted({oracle.evidence, dev.evidence, "D"}))
    return [
        f"  Published, HTER, {oracle.setting} ({oracle.source}):",
        *(f"    {figure.method}: {figure.shown}" for figure in (oracle, dev)),
        f"    difference, points: {difference} [D]",
        f"    {marks}",
    ]


def _count(name: str, counts: Mapping[str, Any]) -> str:
    subjects = "" if counts["subjects"] is None else f", {counts['subjects']} subjects"
    datasets = "" if counts["datasets"] is None else f", of {', '.join(counts['datasets'])}"
    videos = f"{counts['videos']} videos of {counts['rows']} rows"
    return f"  {name:<4}  {videos}: {counts['bona_fide']} bona fide, {counts['attack']} attack{subjects}{datasets}"


def text(report: Mapping[str, Any]) -> str:
    """Return the report of `rescore.report` as plain text, in percent."""
    settings, counts = report["settings"], report["counts"]
    lines = [f"WARNING: {warning}" for warning in report["warnings"]]
    lines.append(f"By video, in %. A higher score means {settings['higher_score_is'].replace('_', ' ')}.")
    lines += [_count(split, counts[split]) for split in score_file.SPLITS if split in counts]
    if "dev" in report:
        name, value, interval, _ = Line("AUC on dev, within data sets", report["dev"]["auc"]).cells
        lines.append(f"  {name}: {value} {interval}")
    lines.append(
        f"Intervals: {settings['confidence'] * 100:g} %, percentile bootstrap, {settings['replicates']} replicates of the "
        f"{settings['resampled']} of test, seed {settings['seed']}."
    )
    if "dev" in report:
        lines.append("They are about this dev threshold on new people; oracle thresholds are chosen anew in every replicate.")
    lines += report["notes"]
    sections = list(_sections(report))
    cells = [line.cells for _, body, _ in sections for line in body]
    widths = [max(len(row[place]) for row in cells) for place in range(3)]
    for heading, body, below in sections:
        lines += ["", heading, *(_aligned(line.cells, widths) for line in body), *below]
    return "\n".join(lines) + "\n"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, value, interval, remark = cells
    return f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {interval:>{widths[2]}}  {remark}".rstrip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scores", type=Path, help="the CSV file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, as shares and in full precision")
    parser.add_argument("--higher-is-bona-fide", action="store_true", help="turn the scores; else a higher one is an attack")
    parser.add_argument("--oracle-only", action="store_true", help="leave dev out: figures whose threshold is chosen on test")
    parser.add_argument("--replicates", type=int, default=1000, help="of the bootstrap (default %(default)s)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default %(default)s)")
    parser.add_argument("--seed", type=int, default=9, help="of the bootstrap's draws (default %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the report, its warnings on stderr too, and write the JSON file."""
    options = rescore.Options(
        replicates=arguments.replicates,
        confidence=arguments.confidence,
        seed=arguments.seed,
        higher_is_bona_fide=arguments.higher_is_bona_fide,
        oracle_only=arguments.oracle_only,
    )
    if arguments.json and arguments.json.resolve() == arguments.scores.resolve():
        raise ValueError(f"--json {arguments.json}: that is the file of the scores; name another")
    table = score_file.read(arguments.scores)
    report = rescore.report(table, options)
    for warning in report["warnings"]:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{arguments.scores}\n{text(report)}", end="")
    if arguments.json:
        report["scores"] = {"file": arguments.scores.name, "sha256": hashing.sha256_file(arguments.scores)}
        if "dev" in report:
            figures = published.load()
            report["published"] = {name: dataclasses.asdict(figures[key]) for name, key in PAIR.items()}
        files.write_json(arguments.json, report)
    return 0
