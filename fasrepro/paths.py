"""Where things lie, relative to the project's root, which every stage runs in."""

from __future__ import annotations

import os
from pathlib import Path

PARAMS = Path("params.yaml")
JOBS = Path("jobs.yaml")
RESULTS = Path("results")

ARCHIVES = RESULTS / "archives"
FINGERPRINT = ARCHIVES / "fingerprint.json"
TRUTH = ARCHIVES / "truth.parquet"
CUE_PAIRS = ARCHIVES / "cue_pairs.npz"
WORLD = ARCHIVES / "world.json"
INDEX = RESULTS / "index"
FACES = INDEX / "faces.parquet"
CROPS = INDEX / "crops"
INDEX_REPORT = RESULTS / "index.json"
AUDIT = RESULTS / "audit.json"
GROUNDING = RESULTS / "grounding.json"
ANNOTATORS = RESULTS / "annotators.json"
RECORDED = RESULTS / "recorded"
FAITHFULNESS = RESULTS / "faithfulness.json"
READINGS = RESULTS / "readings.json"
UNSEEN = RESULTS / "unseen.json"
HABITS = RESULTS / "habits.json"
TRACE = RESULTS / "trace.parquet"
FOUNDATION = RESULTS / "foundation"
CAPTIONS = RESULTS / "captions"
TRAINSETS = RESULTS / "trainsets"
TUNING = RESULTS / "tuning"
CHOICE, TUNED_SCORES = "choice.json", "scores.parquet"
CHECKPOINTS = RESULTS / "checkpoints"
PREDICTIONS = RESULTS / "predictions"
COUNTERFACTUAL = RESULTS / "counterfactual"
PAIRS = COUNTERFACTUAL / "pairs.json"
PAIR_CROPS = COUNTERFACTUAL / "crops"
PAIR_SCORES = COUNTERFACTUAL / "scores.parquet"
PAIR_EXPLANATIONS = COUNTERFACTUAL / "explanations.parquet"
JUDGEMENTS = RESULTS / "judgements.parquet"
METRICS = RESULTS / "metrics.json"
BOOK = Path("book")
GENERATED = BOOK / "_generated"
EXECUTED = BOOK / "executed"
HTML = BOOK / "_build" / "html"
NOTEBOOKS = Path("notebooks")
WORK = Path(".work")


def captions(style: str) -> Path:
    return CAPTIONS / f"{style}.parquet"


def captions_report(style: str) -> Path:
    return RESULTS / "captions_report" / f"{style}.json"


def trainset(name: str) -> Path:
    return TRAINSETS / f"{name}.parquet"


def tuning_choice(run: str) -> Path:
    return TUNING / run / CHOICE


def tuning_scores(run: str) -> Path:
    return TUNING / run / TUNED_SCORES


def checkpoint(job: str, seed: int) -> Path:
    return CHECKPOINTS / job / f"seed_{seed}"


def scores(job: str) -> Path:
    return PREDICTIONS / job / "scores.parquet"


def explanations(job: str) -> Path:
    return PREDICTIONS / job / "explanations.parquet"


def licensed_archives() -> Path:
    """Return the folder of the licensed archives, from `$FASREPRO_ARCHIVES`; raises `ValueError` if it names none."""
    folder = os.environ.get("FASREPRO_ARCHIVES", "")
    if not folder or not Path(folder).is_dir():
        raise ValueError("archives.source is 'licensed': set FASREPRO_ARCHIVES to the folder that holds the official archives")
    return Path(folder)


def store() -> Path:
    """Return the folder of the reply store, which lies outside DVC because its replies were paid for."""
    return Path(os.environ.get("FASREPRO_STORE", ".store"))
