"""`fasrepro rescore`: compute error rates of your own face anti-spoofing scores, each honest figure beside its oracle.

The scores are one file, or - for standard input: CSV, parquet or gzip, with a row a frame or a video and the columns split (dev
or test), label and score; optional ones are video, subject, species, dataset, seed, frame and path. Or each split is a file of
its own (--dev, --test): such a table, bob's CSV, or lines without a header ("path score label", "score label", bob's of 2, 4 or 5
columns).

A label is a word (bona_fide, attack), or 0 for bona fide and 1 for an ATTACK. Where 1 means live, as in the lists of FLIP, SSDG,
CDCN and the challenges, give --label-live 1. The threshold is chosen on dev; intervals resample subjects.
"""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from fasrepro import files, schema
from fasrepro.deployment import score_file
from fasrepro.evaluation.analyses.optimism import LIMIT, allowed_errors
from fasrepro.evaluation.rescoring import options, report, table
from fasrepro.evaluation.rescoring.figures import BpcerFigures, HonestFigures, LimitFigures, OracleFigures, Report, SplitCounts
from fasrepro.evaluation.rescoring.layouts import Reading
from fasrepro.evaluation.rescoring.options import Options
from fasrepro.evaluation.rescoring.source import STDIN, ScoresError, is_number, shown
from fasrepro.evaluation.rescoring.table import SPLITS, Input, Table
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


def _threshold(threshold: float | None, words: str = "threshold") -> str:
    return "each training has its own threshold" if threshold is None else f"{words} {threshold:.6g}"


def _sections(report: Report) -> Iterator[Section]:
    if report.dev and report.at_dev_threshold:
        side = "at least" if report.settings.higher_score_is == "attack" else "at most"
        threshold = _threshold(report.dev.threshold, f"an attack scores {side}")
        heading = f"At the dev threshold (EER point of dev, data sets weighing the same): {threshold}"
        yield Section(heading, _honest(report.at_dev_threshold))
        heading = "On test, at the highest threshold that holds the APCER of each species of dev to a limit"
        yield Section(heading, [_bpcer(name.upper(), figures) for name, figures in report.at_dev_apcer.items()])
    yield Section("Without a threshold", [Line("AUC", report.auc)])
    heading = "ORACLE: thresholds chosen on test itself, so never a result alone"
    yield Section(heading, list(_oracle(report.oracle, report.counts["test"])))
    if report.hter_dev_minus_oracle:
        remark = "never below 0, so the interval cannot show that there is none"
        line = Line("HTER, dev minus oracle, points", report.hter_dev_minus_oracle, remark, signed=True)
        yield Section("How optimistic the oracle threshold is", [line], _published_pair())
    if report.first_frame:
        first = report.first_frame.first
        lines = [
            Line(f"HTER, first {first} of each video", report.first_frame.hter_first_frame),
            Line(f"first {first} minus mean, points", report.first_frame.first_frame_minus_mean, signed=True),
        ]
        yield Section("One frame in place of the mean over a video, at the same dev threshold", lines)
    if report.trainings:
        yield Section(
            "HTER of each training, at its own dev threshold" if report.dev else "AUC of each training", _trainings(report)
        )


def _trainings(report: Report) -> list[Line]:
    lines = []
    for one in report.trainings:
        if one.threshold is None or one.hter_dev is None:
            lines.append(Line(f"AUC, seed {one.seed}", Figure(one.auc, None, None)))
        else:
            remark = f"AUC {percent(one.auc)}; threshold {one.threshold:.6g}"
            lines.append(Line(f"HTER, seed {one.seed}", Figure(one.hter_dev, None, None), remark))
    return lines


def _honest(figures: HonestFigures) -> list[Line]:
    return [
        Line("HTER", figures.hter_dev),
        *(Line(f"APCER, {species}", figure) for species, figure in figures.apcer.items()),
        Line("APCER, maximum of the species", figures.apcer_max),
        Line("APCER, pooled", figures.apcer_pooled),
        Line("BPCER", figures.bpcer),
        Line("ACER, of the maximum and BPCER", figures.acer),
    ]


def _bpcer(name: str, figures: BpcerFigures) -> Line:
    """Return the line of BPCER10 or its like: BPCER on test, and the APCER that the same threshold has there."""
    limit = f"{figures.dev_apcer * 100:g} %"
    worst = percent(figures.apcer_max.value)
    remark = f"dev APCER <= {limit}, {_threshold(figures.threshold)}; worst APCER on test there: {worst}"
    return Line(name, figures.bpcer, remark)


def _oracle(figures: OracleFigures, test: SplitCounts) -> Iterator[Line]:
    yield Line("oracle HTER, best threshold", figures.oracle_hter, _threshold(figures.oracle_hter_threshold))
    yield Line("oracle EER", figures.oracle_eer, _threshold(figures.oracle_eer_threshold))
    for limits in figures.at_limits:
        yield _bounded("BPCER", "APCER", limits.bpcer_at_apcer, limits, "bona fide", test.attack, "attacks")
        yield _bounded("APCER", "BPCER", limits.apcer_at_bpcer, limits, "attack", test.bona_fide, "bona fide")


def _bounded(rate: str, bound: str, figure: Figure, limits: LimitFigures, positive: str, others: int, other_label: str) -> Line:
    """Return a line of "TPR at FPR": its remark names the positive class and the number of errors that the bound allows."""
    limit = f"{limits.limit * 100:g} %"
    tpr = percent(None if figure.value is None else 1 - figure.value)
    allowed = allowed_errors(others, limits.limit)
    remark = (
        f'"TPR@FPR={limit}" if {positive} is positive, so FPR is {bound}: {tpr}; '
        f"at most {allowed} of {others} {other_label} wrong"
    )
    return Line(f"oracle {rate} at {bound} <= {limit}", figure, remark)


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
    lines += [_count(split, report.counts[split]) for split in SPLITS if split in report.counts]
    if report.dev:
        for line in (Line("EER on dev", report.dev.eer), Line("AUC on dev, within data sets", report.dev.auc)):
            name, value, interval, _ = line.cells
            lines.append(f"  {name}: {value} {interval}".removesuffix(" -"))
    lines.append(
        f"Intervals: {settings.confidence * 100:g} %, percentile bootstrap, {settings.replicates} replicates of the "
        f"{settings.resampled} of {' or of '.join(sorted(report.counts))}, seed {settings.seed}."
    )
    if report.dev:
        thresholds = "these dev thresholds" if report.dev.threshold is None else "this dev threshold"
        lines.append(f"Those of test are about {thresholds} on new people.")
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
    parser.add_argument("scores", nargs="?", help="the file, with a column split; an exported folder; - for standard input")
    parser.add_argument("--dev", metavar="FILE", help="the scores of dev, where each split is a file")
    parser.add_argument("--test", metavar="FILE", help="the scores of test")
    parser.add_argument("--label-live", metavar="LABEL", help="the number that means bona fide (default 0: then 1 is an attack)")
    parser.add_argument(
        "--columns",
        type=_names,
        default=(),
        metavar="A,B,C",
        help="names of the columns, if no row names them; _ for an unused one",
    )
    parser.add_argument("--ignore", type=_names, default=(), metavar="A,B", help="names of columns that are not read")
    higher = parser.add_mutually_exclusive_group()
    higher.add_argument(
        "--higher-is-bona-fide",
        action="store_true",
        default=None,
        help="a higher score means bona fide, as it does in bob's layouts; else it means an attack",
    )
    higher.add_argument(
        "--higher-is-attack",
        dest="higher_is_bona_fide",
        action="store_false",
        help="a higher score means an attack, in bob's too",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too, as shares and in full precision")
    parser.add_argument("--oracle-only", action="store_true", help="omit dev: only figures whose threshold is chosen on test")
    parser.add_argument(
        "--fpr",
        type=_names,
        default=(str(LIMIT),),
        metavar="X,Y",
        help=f"bounds of APCER and of BPCER at which the other is given, as shares (default {LIMIT})",
    )
    parser.add_argument("--replicates", type=int, default=1000, help="of the bootstrap (default %(default)s)")
    parser.add_argument("--confidence", type=float, default=0.95, help="of the intervals (default %(default)s)")
    parser.add_argument("--seed", type=int, default=9, help="of the bootstrap's draws (default %(default)s)")


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(","))


def _file(path: str) -> str:
    """Return a path as it is, but that of its scores for an exported folder. Raises `ScoresError` for a folder without any."""
    if path in STDIN or not Path(path).is_dir():
        return path
    scores = Path(path) / score_file.NAME
    if not scores.is_file():
        raise ScoresError(f"{scores}: no such file; name a file of scores, or a folder that `fasrepro export` wrote")
    return str(scores)


def _inputs(arguments: argparse.Namespace) -> list[Input]:
    """Return the files to read. Raises `ScoresError` unless they are one file, or one for each split."""
    by_split = [Input(getattr(arguments, split), split) for split in SPLITS if getattr(arguments, split)]
    if bool(arguments.scores) == bool(by_split):
        raise ScoresError("give either one file with a column split, or a file each: --dev FILE --test FILE")
    inputs = by_split or [Input(_file(arguments.scores))]
    if len({shown(one.path) for one in inputs}) < len(inputs):
        raise ScoresError(f"--dev and --test are both {shown(inputs[0].path)}; give two files")
    written = arguments.json.resolve() if arguments.json else None
    if written in [Path(one.path).resolve() for one in inputs if one.path not in STDIN]:
        raise ScoresError(f"--json {arguments.json}: that is the file of the scores; name another")
    return inputs


def _options(arguments: argparse.Namespace, scores: Table) -> Options:
    for limit in arguments.fpr:
        if not is_number(limit):
            raise ScoresError(f"--fpr {limit}: give shares between 0 and 1, such as 0.01")
    return Options(
        replicates=arguments.replicates,
        confidence=arguments.confidence,
        seed=arguments.seed,
        higher_is_bona_fide=options.direction(scores, arguments.higher_is_bona_fide),
        oracle_only=arguments.oracle_only,
        limits=tuple(map(float, arguments.fpr)),
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the report, repeat its warnings on stderr, and write the JSON file."""
    inputs = _inputs(arguments)
    scores = table.read(inputs, Reading(arguments.label_live, arguments.columns, arguments.ignore))
    figures = report.report(scores, _options(arguments, scores))
    for warning in figures.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    print(f"{scores.where}\n{text(figures)}", end="")
    if arguments.json:
        contents = schema.plain(figures)
        contents["scores"] = [_provenance(one, origin) for one, origin in zip(inputs, scores.origins, strict=True)]
        if figures.dev:
            entries = published.load()
            contents["published"] = {name: dataclasses.asdict(entries[key]) for name, key in PUBLISHED_PAIR.items()}
        files.write_json(arguments.json, contents)
    return 0


def _provenance(one: Input, origin: table.Origin) -> dict[str, str | None]:
    name = origin.name if one.path in STDIN else Path(one.path).name
    return {"file": name, "sha256": origin.sha256, "split": one.split}
