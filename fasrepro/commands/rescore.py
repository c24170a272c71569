"""`fasrepro rescore`: score your own face anti-spoofing scores again, each honest figure beside its oracle.

The CSV file has a row a frame or a video and the columns split (dev or test), label (bona_fide or attack; or 0 and 1) and score;
optional columns are video, subject, species and dataset. The threshold is chosen on dev; intervals resample subjects.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fasrepro import files, hashing, schema
from fasrepro.evaluation import rescore, score_file
from fasrepro.evaluation.analyses.optimism import LIMIT
from fasrepro.evaluation.rescore import HonestFigures, OracleFigures, Report, SplitCounts
from fasrepro.evaluation.results import Figure
from fasrepro.report import published

# One model under a threshold chosen on the target, and under one chosen on the sources: entries of published.yaml.
PUBLISHED_PAIR = {"oracle": "dbmnet_ideal_hter", "dev": "dbmnet_realistic_hter"}


@dataclasses.dataclass(frozen=True)
class Line:
    """One line of a section: a name, its figure, a remark; `signed`: whether a positive value has its sign."""

    name: str
    figure: Figure
    remark: str = ""
    signed: bool = False

    @property
    def cells(self) -> tuple[str, str, str, str]:
        """Name, value and interval in percent, and remark."""
        value, low, high = (percent(one, self.signed) for one in (self.figure.value, self.figure.low, self.figure.high))
        interval = "-" if self.figure.low is None else f"[{low}, {high}]"
        return self.name, value, interval, self.remark


@dataclasses.dataclass(frozen=True)
class Section:
    """A heading, its lines, and text below them."""

    heading: str
    lines: list[Line]
    below: list[str] = dataclasses.field(default_factory=list)


def percent(share: float | None, signed: bool = False) -> str:
    """Return a share in percent with two decimals; a dash for None.

    >>> percent(0.125), percent(0.125, signed=True), percent(None)
    ('12.50', '+12.50', '-')
    """
    if share is None:
        return "-"
    return f"{share * 100:+.2f}" if signed else f"{share * 100:.2f}"


def _sections(report: Report) -> Iterator[Section]:
    if report.dev and report.at_dev_threshold:
        side = "at least" if report.settings.higher_score_is == "attack" else "at most"
        threshold = f"an attack scores {side} {report.dev.threshold:.6g}"
        heading = f"At the dev threshold (EER point of dev, data sets weighing the same): {threshold}"
        yield Section(heading, _honest(report.at_dev_threshold))
    yield Section("Without a threshold", [Line("AUC", report.auc)])
    heading = "ORACLE: thresholds chosen on test itself, so never a result alone"
    yield Section(heading, _oracle(report.oracle, report.counts["test"]))
    if report.hter_dev_minus_oracle:
        remark = "never below 0, so the interval cannot show that there is none"
        line = Line("HTER, dev minus oracle, points", report.hter_dev_minus_oracle, remark, signed=True)
        yield Section("How optimistic the oracle threshold is", [line], _published_pair())
    if report.first_frame:
        lines = [
            Line("HTER, first frame of each video", report.first_frame.hter_first_frame),
            Line("first frame minus mean, points", report.first_frame.first_frame_minus_mean, signed=True),
        ]
        yield Section("One frame in place of the mean over a video, at the same dev threshold", lines)


def _honest(figures: HonestFigures) -> list[Line]:
    return [
        Line("HTER", figures.hter_dev),
        *(Line(f"APCER, {species}", figure) for species, figure in figures.apcer.items()),
        Line("APCER, maximum of the species", figures.apcer_max),
        Line("APCER, pooled", figures.apcer_pooled),
        Line("BPCER", figures.bpcer),
        Line("ACER, of the maximum and BPCER", figures.acer),
    ]


def _oracle(figures: OracleFigures, test: SplitCounts) -> list[Line]:
    return [
        Line("oracle HTER, best threshold", figures.oracle_hter, f"threshold {figures.oracle_hter_threshold:.6g}"),
        Line("oracle EER", figures.oracle_eer, f"threshold {figures.oracle_eer_threshold:.6g}"),
        _bounded("BPCER at APCER", figures.oracle_bpcer_at_apcer_1_percent, "bona fide", test.attack, "attacks"),
        _bounded("APCER at BPCER", figures.oracle_apcer_at_bpcer_1_percent, "attack", test.bona_fide, "bona fide"),
    ]


def _bounded(name: str, figure: Figure, positive: str, others: int, other_label: str) -> Line:
    """Return a line of "TPR at FPR": its remark names the positive class and the number of errors that the bound allows."""
    limit = f"{LIMIT * 100:g} %"
    tpr = percent(None if figure.value is None else 1 - figure.value)
    allowed = math.floor(others * LIMIT + 1e-9)
    remark = f'"TPR@FPR={limit}" if {positive} is positive: {tpr}; at most {allowed} of {others} {other_label} wrong'
    return Line(f"oracle {name} <= {limit}", figure, remark)


def _published_pair() -> list[str]:
    """Return lines about the published pair, with source and evidence marks."""
    figures = published.load()
    oracle, dev = figures[PUBLISHED_PAIR["oracle"]], figures[PUBLISHED_PAIR["dev"]]
    difference = percent(dev.share - oracle.share, signed=True)
    marks = "; ".join(f"[{mark}] {published.EVIDENCE[mark]}" for mark in sorted({oracle.evidence, dev.evidence, "D"}))
    return [
        f"  Published, HTER, {oracle.setting} ({oracle.source}):",
        *(f"    {figure.method}: {figure.shown}" for figure in (oracle, dev)),
        f"    difference, points: {difference} [D]",
        f"    {marks}",
    ]


def _count(name: str, counts: SplitCounts) -> str:
    subjects = "" if counts.subjects is None else f", {counts.subjects} subjects"
    datasets = "" if counts.datasets is None else f", of {', '.join(counts.datasets)}"
    videos = f"{counts.videos} videos of {counts.rows} rows"
    return f"  {name:<4}  {videos}: {counts.bona_fide} bona fide, {counts.attack} attack{subjects}{datasets}"


def text(report: Report) -> str:
    """Return a report as plain text, in percent."""
    settings = report.settings
    lines = [f"WARNING: {warning}" for warning in report.warnings]
    lines.append(f"By video, in %. A higher score means {settings.higher_score_is.replace('_', ' ')}.")
    lines += [_count(split, report.counts[split]) for split in score_file.SPLITS if split in report.counts]
    if report.dev:
        name, value, interval, _ = Line("AUC on dev, within data sets", report.dev.auc).cells
        lines.append(f"  {name}: {value} {interval}")
    lines.append(
        f"Intervals: {settings.confidence * 100:g} %, percentile bootstrap, {settings.replicates} replicates of the "
        f"{settings.resampled} of test, seed {settings.seed}."
    )
    if report.dev:
        lines.append("They are about this dev threshold on new people.")
    lines += report.notes
    sections = list(_sections(report))
    cells = [line.cells for section in sections for line in section.lines]
    widths = [max(len(row[column]) for row in cells) for column in range(3)]
    for section in sections:
        lines += ["", section.heading, *(_aligned(line.cells, widths) for line in section.lines), *section.below]
    return "\n".join(lines) + "\n"


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    name, value, interval, remark = cells
    return f"  {name:<{widths[0]}}  {value:>{widths[1]}}  {interval:>{widths[2]}}  {remark}".rstrip()


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("scores", type=Path, help="the CSV file")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, as shares and in full precision")
    parser.add_argument("--higher-is-bona-fide", action="store_true", help="reverse the scores; else a higher one is an attack")
    parser.add_argument("--oracle-only", action="store_true", help="omit dev: only figures whose threshold is chosen on test")
    parser.add_argument("--replicates", type=int, default=1000, help="of the bootstrap (default %(default)s)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default %(default)s)")
    parser.add_argument("--seed", type=int, default=9, help="of the bootstrap's draws (default %(default)s)")


def run(arguments: argparse.Namespace) -> int:
    """Print the report, repeat its warnings on stderr, and write the JSON file."""
    options = rescore.Options(
        replicates=arguments.replicates,
        confidence=arguments.confidence,
        seed=arguments.seed,
        higher_is_bona_fide=arguments.higher_is_bona_fide,
        oracle_only=arguments.oracle_only,
    )
    if arguments.json and arguments.json.resolve() == arguments.scores.resolve():
        raise ValueError(f"--json {arguments.json}: that is the file of the scores; name another")
    report = rescore.report(score_file.read(arguments.scores), options)
    for warning in report.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{arguments.scores}\n{text(report)}", end="")
    if arguments.json:
        contents = schema.plain(report)
        contents["scores"] = {"file": arguments.scores.name, "sha256": hashing.sha256_file(arguments.scores)}
        if report.dev:
            figures = published.load()
            contents["published"] = {name: dataclasses.asdict(figures[key]) for name, key in PUBLISHED_PAIR.items()}
        files.write_json(arguments.json, contents)
    return 0
