"""Captions of one style for the official train faces: `python -m fasrepro.stages.annotate --style vanilla`."""

from __future__ import annotations

import argparse
import sys

from fasrepro import config, files, paths, stages
from fasrepro.captions import annotate
from fasrepro.captions.styles import style_of, worded
from fasrepro.llm import endpoints
from fasrepro.llm.store import Store
from fasrepro.rows import table
from fasrepro.rows.captions import Caption
from fasrepro.stages import annotation


def main(argv: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--style", required=True)
    style = style_of(parser.parse_args(argv).style)
    params = config.load("archives", "synthetic", "annotator", "simulated")
    asked = annotation.annotation_task(params.annotator, params.simulated, params.archives.source, params.synthetic.people)
    style = worded(style, asked.prompt)
    with annotation.opened(asked.endpoint, asked.simulated) as endpoint, Store(paths.store()) as store:
        print(annotate.may_go(asked.faces, endpoint, asked.may_leave), file=sys.stderr)
        how = (endpoint, store, asked.label_aware, asked.present, endpoints.progress_to_stderr(f"annotate {style.name}"))
        captions, report = annotate.annotate(asked.faces, paths.CROPS, style, *how)
    table.write(paths.captions(style.name), captions, Caption)
    files.write_json(paths.captions_report(style.name), report)
    people = f"; `{annotate.people(style)}` hands them to people" if report["failed"] else ""
    print(f"{style.name}: {report['captions']} captions of {report['faces']} faces, {len(report['failed'])} failed{people}")


if __name__ == "__main__":
    stages.run(main)
