"""`fasrepro annotate`: before, beside and after the stage `annotate`: what it would cost, in batches, and by hand.

--dry-run asks nobody and needs no key. --batch fills the store over the OpenAI Batch API; `dvc repro` then finds every reply
there. --to-people writes the faces that no prompt got an answer about, for people to caption; --from-people keeps what they
wrote.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from fasrepro import config, paths
from fasrepro.captions import annotate, review, styles
from fasrepro.llm import batch, estimate, pricing
from fasrepro.llm.attempts import Pending, standing
from fasrepro.llm.store import Store
from fasrepro.llm.types import Failure
from fasrepro.simulation.annotator import SIMULATED
from fasrepro.stages import annotation
from fasrepro.stages.annotation import AnnotationTask


def dry_run(asked: AnnotationTask, chosen: list[styles.Style], store: Store) -> None:
    """Print what the captions of each style would take, and what all of them cost."""
    endpoint = annotation.described(asked.endpoint, asked.simulated)
    total = 0.0
    for style in chosen:
        requests, accept = annotate.questions(review.left(asked.faces, style, store), paths.CROPS, style, asked.label_aware)
        found = estimate.estimate(requests, accept, endpoint, store, style.least_words, style.most_words)
        total += found.usd or 0.0
        print(estimate.line(style.name, found))
    checked, evidence, _ = pricing.table()
    spent = pricing.spent(store) + pricing.UnderWay(store).usd()
    print(f"model {endpoint.model}; prices of {checked:%Y-%m-%d}, {evidence} (fasrepro/llm/{pricing.TABLE.name})")
    print("one attempt an image: a caption that is asked again costs again")
    print(f"spent so far ${spent:.2f}, with this ${spent + total:.2f}, budget ${endpoint.budget_usd:.2f}")


def in_batches(asked: AnnotationTask, chosen: list[styles.Style], store: Store) -> None:
    """Fill the store with the replies of each style, and print what came of them."""
    if asked.endpoint["base_url"] == SIMULATED:
        raise ValueError("the simulated annotator takes no batches: `dvc repro` asks it")
    with annotation.opened(asked.endpoint, asked.simulated) as endpoint:
        print(annotate.may_go(asked.faces, endpoint, asked.may_leave))
        for style in chosen:
            requests, accept = annotate.questions(review.left(asked.faces, style, store), paths.CROPS, style, asked.label_aware)
            answers, failures = batch.complete(requests, accept, endpoint, store)
            print(f"{style.name}: {len(answers)} captions, {len(failures)} failed; `dvc repro` takes them from the store")


def to_people(path: Path, asked: AnnotationTask, style: styles.Style, store: Store) -> None:
    """Write the faces to `path` that have no caption after all attempts, by what is in the store."""
    endpoint = annotation.described(asked.endpoint, asked.simulated)
    faces = review.left(asked.faces, style, store)
    requests, accept = annotate.questions(faces, paths.CROPS, style, asked.label_aware)
    found = {name: standing(name, request, endpoint, store, accept, store.error) for name, request in requests.items()}
    reasons = {name: at.reason for name, at in found.items() if isinstance(at, Failure)}
    if not reasons:
        waiting = sum(isinstance(at, Pending) for at in found.values())
        raise ValueError(f"no face of style {style.name} is left to people ({waiting} are still to be asked about: `dvc repro`)")
    count = review.give(path, faces, style, reasons)
    again = f"fasrepro annotate --style {style.name} --from-people {path}"
    print(f'{path}: {count} faces; write a caption into each "text", then `{again}`')


def from_people(path: Path, asked: AnnotationTask, style: styles.Style, store: Store) -> None:
    """Keep the captions of a file that people filled in."""
    new = review.take(path, asked.faces, style, store)
    print(f"{new} new captions are kept; `dvc repro --force annotate@{style.name}`, then `dvc repro`, puts them in their places")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--style", action="append", default=[], help="one of params.yaml's; may be repeated; all if not given")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--dry-run", action="store_true", help="print images, requests, tokens, cost and time")
    what.add_argument("--batch", action="store_true", help="ask over the OpenAI Batch API")
    what.add_argument("--to-people", type=Path, metavar="FILE", help="write the faces without a caption of a style")
    what.add_argument("--from-people", type=Path, metavar="FILE", help="keep the captions in a file that people filled in")


def run(arguments: argparse.Namespace) -> int:
    """Do what was asked."""
    chosen = [styles.style_of(name) for name in arguments.style or config.load("styles").styles]
    params = config.load("archives", "synthetic", "annotator", "simulated")
    asked = annotation.annotation_task(params.annotator, params.simulated, params.archives.source, params.synthetic.people)
    chosen = [styles.worded(style, asked.prompt) for style in chosen]
    with Store(paths.store()) as store:
        if arguments.dry_run:
            dry_run(asked, chosen, store)
        elif arguments.batch:
            in_batches(asked, chosen, store)
        elif len(arguments.style) != 1:
            raise ValueError("name one style: --style reasoning")
        elif arguments.to_people:
            to_people(arguments.to_people, asked, chosen[0], store)
        else:
            from_people(arguments.from_people, asked, chosen[0], store)
    return 0
