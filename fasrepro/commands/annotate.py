"""`fasrepro annotate`: what the captions of a set will cost, captions in batches, and captions by people.

--dry-run sends nothing and needs no key; it also says which experiments can run with the data sets that are indexed. --batch
fills the reply store over the OpenAI Batch API; `dvc repro` then finds every reply there. --to-people writes a file of the faces
that the model failed on, for people to write captions into; --from-people checks that file and puts its captions into reviews/,
in git, where they win over the model's.
"""

from __future__ import annotations

import argparse
from collections.abc import Collection
from pathlib import Path

from fasrepro import config, paths
from fasrepro.captions import annotate, review, sets
from fasrepro.commands import jobs, runnable
from fasrepro.llm import batch, budget, capabilities, client, pricing
from fasrepro.llm.attempts import Pending, replay
from fasrepro.llm.store import Store
from fasrepro.llm.types import Failure
from fasrepro.rows import table
from fasrepro.rows.faces import Face
from fasrepro.simulation.annotator import SIMULATED
from fasrepro.stages import annotation
from fasrepro.stages.annotation import AnnotationTask

Tasks = dict[str, AnnotationTask]  # of caption sets, by name


def faces_left_to_the_model(task: AnnotationTask, name: str) -> list[Face]:
    """Return the faces of a set about which no person has decided."""
    edits = review.captions(task.faces, task.style, paths.review(name), task.label_aware)
    return [face for face in task.faces if face.face_id not in edits.captions and face.face_id not in edits.dropped]


def requests_left(task: AnnotationTask, name: str) -> tuple[annotate.Requests, annotate.Accept]:
    """Return the requests about the faces of a set about which no person has decided, and what judges a reply."""
    faces = faces_left_to_the_model(task, name)
    return annotate.requests_for(faces, paths.CROPS, task.style, task.label_aware, task.rounds)


def dry_run(tasks: Tasks, store: Store) -> None:
    """Print what each set's captions will take, and what all of them will cost."""
    total = 0.0
    for name, task in tasks.items():
        endpoint = annotation.endpoint_of(task.endpoint, task.simulated)
        requests, accept = requests_left(task, name)
        estimate = budget.estimate(requests, accept, endpoint, store, task.style.min_words, task.style.max_words)
        total += estimate.usd or 0.0
        print(estimate.line(name))
    prices = pricing.price_table()
    spent = budget.spent_usd(store) + budget.BatchesInFlight(store).usd()
    print(f"model {endpoint.model}; prices of {prices.checked:%Y-%m-%d}, {prices.evidence} (fasrepro/llm/{pricing.PRICES.name})")
    print("one attempt per image: a caption that is asked again costs again")
    print(f"spent so far ${spent:.2f}, with this ${spent + total:.2f}, budget ${endpoint.budget_usd:.2f}")


def indexed(datasets: Collection[str]) -> dict[str, bool]:
    """Return which of some data sets are indexed, and whether each has an official dev split."""
    present = [name for name in datasets if paths.faces(name).is_file()]
    return {name: "dev" in table.columns(paths.faces(name), Face, ["split"])["split"].to_pylist() for name in present}


def in_batches(tasks: Tasks, store: Store) -> None:
    """Fill the store with the replies of each set, and print how many are captions."""
    for name, task in tasks.items():
        if task.endpoint["base_url"] == SIMULATED:
            raise ValueError("the simulated annotator takes no batches: `dvc repro` asks it")
        with annotation.open_endpoint(task.endpoint, task.simulated) as endpoint:
            print(annotate.check_licences(task.faces, endpoint, task.may_leave))
            requests, accept = requests_left(task, name)
            answers, failures = batch.complete(requests, accept, endpoint, store)
        print(f"{name}: {len(answers)} captions, {len(failures)} failed; `dvc repro` takes them from the store")


def to_people(task: AnnotationTask, name: str, store: Store, path: Path) -> None:
    """Write the faces to `path` whose every attempt failed, or whose question is refused each time, as far as the store knows."""
    endpoint = annotation.endpoint_of(task.endpoint, task.simulated)
    requests, accept = requests_left(task, name)
    outcomes = {face_id: replay(face_id, request, endpoint, store, accept, store.error) for face_id, request in requests.items()}
    reasons = {}
    for face_id, outcome in outcomes.items():
        reason = outcome.reason if isinstance(outcome, Failure) else None
        if isinstance(outcome, Pending):
            reason = store.final_error(outcome.key)
        if reason is not None:
            reasons[face_id] = reason
    if not reasons:
        pending = sum(isinstance(outcome, Pending) for outcome in outcomes.values())
        raise ValueError(
            f"no face of {name} is left to people; {pending} are still to be asked about by `dvc repro annotate@{name}`"
        )
    count = review.write_blank(path, task.faces, task.style, reasons)
    print(f'{path}: {count} faces; write a caption into each "text", then run')
    print(f"  fasrepro annotate --set {name} --from-people {path}")


def from_people(task: AnnotationTask, name: str, path: Path) -> None:
    """Put the captions of a file that people filled in into reviews/."""
    count = review.merge(path, paths.review(name), task.faces, task.style)
    print(f"{paths.review(name)}: {count} new captions; commit the file, `dvc repro` puts them in their places")


def probe(task: AnnotationTask, store: Store) -> None:
    """Ask the server anew what it accepts, and print it."""
    with annotation.open_endpoint(task.endpoint, task.simulated) as endpoint:
        print(capabilities.summary(endpoint, client.probed_capabilities(endpoint, store)))


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--set", action="append", default=[], help="a caption set; may be repeated; by default all that the annotator writes"
    )
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--dry-run", action="store_true", help="print images, requests, tokens, cost and time")
    action.add_argument("--probe", action="store_true", help="ask the server anew what it accepts, as after it was mended")
    action.add_argument("--batch", action="store_true", help="ask over the OpenAI Batch API")
    action.add_argument(
        "--to-people", nargs="?", const="", metavar="FILE", help="write the faces that the model failed on (people-<set>.jsonl)"
    )
    action.add_argument("--from-people", type=Path, metavar="FILE", help="put the captions of a filled-in file into reviews/")


def run(arguments: argparse.Namespace) -> int:
    """Run the command."""
    params = config.load("archives", "synthetic", "annotator", "simulated", "parts", "captions")
    sets.check(params.captions)
    written = sets.asked(params.captions)
    at_hand, _ = sets.without_absent(params.captions, params.parts, params.archives.datasets)
    for name in arguments.set:
        entry = sets.lookup(params.captions, name)
        if entry.of:
            raise sets.CaptionSetError(f"caption set {name!r} is derived from {entry.of!r}: name that one, or run `dvc repro`")
        if name not in written:
            raise sets.CaptionSetError(f"caption set {name!r} is {entry.author}: `dvc repro annotate@{name}` takes it")
    by_people = arguments.to_people is not None or arguments.from_people is not None
    if by_people and len(arguments.set) != 1:
        raise ValueError("name one caption set, as in --set reasoning")
    chosen = arguments.set or [name for name in written if name in at_hand]
    tasks = annotation.tasks(params, {name: written[name] for name in chosen})
    first, task = next(iter(tasks.items()))
    with Store(paths.store()) as store:
        if arguments.dry_run:
            dry_run(tasks, store)
            print("\n".join(runnable.report(config.load(*jobs.KEYS), indexed(params.archives.datasets))))
        elif arguments.probe:
            probe(task, store)
        elif arguments.batch:
            in_batches(tasks, store)
        elif arguments.to_people is not None:
            to_people(task, first, store, Path(arguments.to_people or f"people-{first}.jsonl"))
        else:
            from_people(task, first, arguments.from_people)
    return 0
