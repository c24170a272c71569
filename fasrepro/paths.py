"""Where things lie, relative to the project's root, in which every stage runs."""

from __future__ import annotations

import os
from pathlib import Path

PARAMS = Path("params.yaml")
JOBS = Path("jobs.yaml")
REVIEWS = Path("reviews")  # people's edits of captions: an input, in git
RESULTS = Path("results")
WORK = Path(".work")

# What is made of the archives: a folder with one file or folder a data set.
ARCHIVES = RESULTS / "archives"
FINGERPRINTS = RESULTS / "fingerprints"
TRUTH = RESULTS / "truth"
FACES = RESULTS / "faces"
CROPS = RESULTS / "crops"
INDEX_REPORT = RESULTS / "index_report"
WORLD = RESULTS / "world" / "world.json"
CUE_PAIRS = RESULTS / "world" / "cue_pairs.npz"

SPLITS = RESULTS / "splits"
FOUNDATION = RESULTS / "foundation"
STILLS = FOUNDATION / "stills.npz"
CAPTIONS = RESULTS / "captions"
CAPTIONS_REPORT = RESULTS / "captions_report"
SIMULATED_REVIEWS = RESULTS / "reviews"  # edits by the simulated editor
TRAINSETS = RESULTS / "trainsets"
TUNING = RESULTS / "tuning"
CHECKPOINTS = RESULTS / "checkpoints"
CAPTIONERS = RESULTS / "captioners"
CAPTION_SAMPLES = CAPTIONERS / "samples"
PREDICTIONS = RESULTS / "predictions"
ENCODERS = RESULTS / "encoders"
READ_OUTS = RESULTS / "read_outs"
PAIR_ORDERS = RESULTS / "pair_orders"
CAPTION_DETECTORS = RESULTS / "caption_detectors"
SNAPSHOTS = RESULTS / "snapshots.parquet"
JUDGEMENTS = RESULTS / "judgements.parquet"
PICTURES = RESULTS / "pictures"  # what pages show of crops and stills: ZIP files as in `CROPS`, and
PICTURED_STILLS = PICTURES / "stills.npz"
OWN_PICTURES = RESULTS / "own_pictures"
OWN_ANSWERS = OWN_PICTURES / "answers.json"
COUNTERFACTUAL = RESULTS / "counterfactual"
PAIRS = COUNTERFACTUAL / "pairs.json"
PAIR_CROPS = COUNTERFACTUAL / "crops"
PAIR_SCORES = COUNTERFACTUAL / "scores.parquet"
PAIR_EXPLANATIONS = COUNTERFACTUAL / "explanations.parquet"

# Figures: small JSON files, kept in git.
AUDIT = RESULTS / "audit.json"
METRICS = RESULTS / "metrics.json"
GROUNDING = RESULTS / "grounding.json"
ANNOTATORS = RESULTS / "annotators.json"
FAITHFULNESS = RESULTS / "faithfulness.json"
VERDICT_AGREEMENT = RESULTS / "verdict_agreement.json"
OPTIMISM = RESULTS / "optimism.json"
UNSEEN = RESULTS / "unseen.json"
FAIRNESS = RESULTS / "fairness.json"
BASELINES = RESULTS / "baselines.json"
CALIBRATION = RESULTS / "calibration.json"
PROBES = RESULTS / "probes.json"
ENCODER_GAINS = RESULTS / "encoder_gains.json"
READ_OUT_FIGURES = RESULTS / "read_out_figures.json"
PAIR_GAINS = RESULTS / "pair_gains.json"
TRAINING_LOSSES = RESULTS / "training_losses.json"
CAPTION_MODELS = RESULTS / "caption_models.json"
CAPTION_DETECTOR_FIGURES = RESULTS / "caption_detectors.json"
PROBE_PAIRS = RESULTS / "probe_pairs.npz"
NEW_PICTURES = RESULTS / "new_pictures.npz"
RECORDED = RESULTS / "recorded"

RECORDED_OUTPUTS = Path("recorded")  # of the default profile, in git: what the book is built from

BOOK = Path("book")
GENERATED = BOOK / "_generated"
EXECUTED = BOOK / "executed"
HTML = BOOK / "_build" / "html"
SITE = BOOK / "_build" / "site"  # the same, with what differs by machine laid over
NOTEBOOKS = Path("notebooks")


def project_root(start: Path) -> Path:
    """Return the project's root: the nearest folder, from `start` upwards, that holds params.yaml.

    Raises:
        ValueError: where there is none.
    """
    for folder in (start.absolute(), *start.absolute().parents):
        if (folder / PARAMS).is_file():
            return folder
    raise ValueError(f"no {PARAMS} in {start.absolute()} or above it: work inside the project's folder")


def archive(dataset: str) -> Path:
    """Return the folder that holds a synthetic data set's official tree."""
    return ARCHIVES / dataset


def truth(dataset: str) -> Path:
    """Return the table of what is known of a data set's frames."""
    return TRUTH / f"{dataset}.parquet"


def fingerprint(dataset: str) -> Path:
    """Return the fingerprint of a data set's files."""
    return FINGERPRINTS / f"{dataset}.json"


def faces(dataset: str) -> Path:
    """Return the table of a data set's faces."""
    return FACES / f"{dataset}.parquet"


def index_report(dataset: str) -> Path:
    """Return the report on a data set's index."""
    return INDEX_REPORT / f"{dataset}.json"


def split(protocol: str, part: str) -> Path:
    """Return the faces of one part (train, dev or test) of a protocol."""
    return SPLITS / protocol / f"{part}.parquet"


def captions(name: str) -> Path:
    """Return the captions of a set."""
    return CAPTIONS / f"{name}.parquet"


def captions_report(name: str) -> Path:
    """Return the report on the captions of a set."""
    return CAPTIONS_REPORT / f"{name}.json"


def review(name: str) -> Path:
    """Return people's edits of a set's captions."""
    return REVIEWS / f"{name}.jsonl"


def simulated_review(name: str) -> Path:
    """Return the simulated editor's edits of a set's captions."""
    return SIMULATED_REVIEWS / f"{name}.jsonl"


def trainset(name: str) -> Path:
    """Return the rows of a training set."""
    return TRAINSETS / f"{name}.parquet"


def tuning_choice(run: str) -> Path:
    """Return the learning rate that was chosen for a run, and what it was chosen from."""
    return TUNING / run / "choice.json"


def tuning_scores(run: str) -> Path:
    """Return the scores at each learning rate that was tried for a run."""
    return TUNING / run / "scores.parquet"


def checkpoint(job: str) -> Path:
    """Return the folder of a job's trained model."""
    return CHECKPOINTS / job


def captioner(name: str) -> Path:
    """Return the folder of a caption model."""
    return CAPTIONERS / name


def captioner_log(name: str) -> Path:
    """Return the log of a caption model's training."""
    return CAPTIONERS / name / "log.json"


def caption_samples(name: str) -> Path:
    """Return what a caption model wrote about people whom it was not trained on."""
    return CAPTION_SAMPLES / f"{name}.parquet"


def caption_detector(name: str) -> Path:
    """Return P(attack) at the conclusion of what a caption model writes about dev and test faces."""
    return CAPTION_DETECTORS / f"{name}.parquet"


def scores(job: str) -> Path:
    """Return a job's scores: of the sources' dev faces and of every target's test faces."""
    return PREDICTIONS / job / "scores.parquet"


def explanations(job: str) -> Path:
    """Return a job's explanations of test faces."""
    return PREDICTIONS / job / "explanations.parquet"


def dev_explanations(job: str) -> Path:
    """Return a job's explanations of the sources' dev faces."""
    return PREDICTIONS / job / "dev_explanations.parquet"


def encoder(job: str) -> Path:
    """Return what was read from a job's encoder, and from the foundation's."""
    return ENCODERS / f"{job}.npz"


def pair_orders(job: str) -> Path:
    """Return which counterfactual pairs a job's encoder puts in order."""
    return PAIR_ORDERS / f"{job}.npz"


def read_outs(job: str) -> Path:
    """Return P(attack) at the Conclusion of a job's chains."""
    return READ_OUTS / f"{job}.parquet"


def licensed_archives() -> Path:
    """Return the folder of the licensed archives, from `$FASREPRO_ARCHIVES`. Raises `ValueError` where it names none."""
    named = os.environ.get("FASREPRO_ARCHIVES", "")
    folder = Path(named).expanduser()
    if not named or not folder.is_dir():
        raise ValueError("archives.source is 'licensed': set FASREPRO_ARCHIVES to the folder that holds the official archives")
    return folder


def store() -> Path:
    """Return the folder of the reply store, which lies outside DVC because its replies were paid for."""
    return Path(os.environ.get("FASREPRO_STORE", ".store"))
