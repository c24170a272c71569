"""How long 1,000 bootstrap replicates of every metric take on 100,000 scores, one thread. Prints the share of the 10 s allowed.

python -m benchmarks.bootstrap [replicates]
"""

from __future__ import annotations

import os

# Before numpy is imported: its matrix products read this once.
os.environ.update(dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"))

import sys
import time

import numpy as np

from fasrepro import vocabulary
from fasrepro.evaluation import bootstrap, metrics
from fasrepro.rows.faces import BONA_FIDE_SPECIES

ALLOWED = 10.0  # seconds for `REPLICATES`
REPLICATES = 1000
SUBJECTS, ROWS = 500, 200  # rows of one subject, a quarter of them bona fide
SEED = 1


def scored() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Return subjects, labels, species and scores of all rows, each of shape (rows,), in the rounding of score files."""
    random = np.random.default_rng(SEED)
    subjects = np.repeat(np.arange(SUBJECTS), ROWS)
    labels = (np.arange(len(subjects)) % 4 > 0).astype(int)
    attacks = [name for name in vocabulary.SPECIES if name != BONA_FIDE_SPECIES]
    species = np.where(labels == 1, random.choice(attacks, len(labels)), BONA_FIDE_SPECIES)
    logits = 2 * labels - 1 + random.normal(0, 1, SUBJECTS)[subjects] + random.normal(0, 1, len(labels))
    return subjects.astype(str), labels, species, np.round(1 / (1 + np.exp(-logits)), 7)


def main() -> None:
    """Measure all of `metrics.METRICS` and each species' APCER, as the stage `evaluate` does."""
    replicates = int(sys.argv[1]) if len(sys.argv) > 1 else REPLICATES
    subjects, labels, species, scores = scored()

    def measure(weights: np.ndarray) -> dict[str, np.ndarray]:
        return metrics.score_metrics(metrics.ScoreSample(labels, scores, species, 0.5, weights))

    began = time.perf_counter()
    draws = bootstrap.draw_subjects(subjects, labels, replicates, SEED, "benchmark")
    drawn = bootstrap.replicate(measure, *draws)
    seconds = time.perf_counter() - began
    print(f"{len(scores)} scores of {SUBJECTS} subjects, {len(np.unique(scores))} of them distinct, one thread:")
    print(f"{replicates} replicates of {len(drawn)} metrics in {seconds:.2f} s, {replicates / seconds:.0f} replicates/s")
    print(f"{seconds / replicates * REPLICATES / ALLOWED:.2f} of the {ALLOWED:.0f} s allowed for {REPLICATES} replicates")


if __name__ == "__main__":
    main()
