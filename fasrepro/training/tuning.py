"""The choice of a run's learning rate: of a few values, the one whose model orders the sources' dev videos best.

Every run chooses from the same values, on the same protocol and by the same measure, so that none is compared at a rate that
happens to suit another run. The target of that protocol plays no part. A source without a dev split lends its
official test videos, on which other protocols are tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn.metrics import roc_auc_score

from fasrepro.rows.faces import Face


def dev_auc(dev: Sequence[Face], p_attack: Mapping[str, float]) -> dict[str, float]:
    """Return the AUC over the dev videos of each data set, in [0, 1]; a video's score is the mean over its faces.

    Computed by scikit-learn and not by `evaluation.metrics`, so that a new metric there trains nothing anew.

    Args:
        dev: faces of the sources' dev people.
        p_attack: scores by face_id.

    Raises:
        ValueError: for a data set whose dev faces all have one label.
    """
    videos: dict[str, dict[str, tuple[int, list[float]]]] = {}
    for face in dev:
        label_and_scores = videos.setdefault(face.dataset, {}).setdefault(face.presentation, (int(face.label), []))
        label_and_scores[1].append(p_attack[face.face_id])
    aucs = {}
    for dataset, by_presentation in videos.items():
        labels = [label for label, _ in by_presentation.values()]
        if len(set(labels)) < 2:
            raise ValueError(f"dev of {dataset}: all videos have one label, so no learning rate can be chosen on it")
        means = [sum(scores) / len(scores) for _, scores in by_presentation.values()]
        aucs[dataset] = float(roc_auc_score(labels, means))
    return aucs


def name(run: str, rate: float) -> str:
    """Return the name of a run at a learning rate.

    >>> name("vanilla", 0.001)
    'vanilla@0.001'
    """
    return f"{run}@{rate:g}"


def mean_auc(by_dataset: Mapping[str, float]) -> float:
    """Return the mean AUC of the dev data sets, each weighing the same."""
    return sum(by_dataset.values()) / len(by_dataset)


def choose(mean_aucs: Mapping[float, float]) -> float:
    """Return the learning rate with the highest dev AUC; of equal ones the lowest rate, which moves the backbone least.

    `mean_aucs` maps each rate to its dev AUC. Raises `ValueError` where there is none.

    >>> choose({0.001: 0.8, 0.002: 0.8})
    0.001
    """
    if not mean_aucs:
        raise ValueError("no learning rate was tried: name at least one in training.learning_rates")
    return min(mean_aucs, key=lambda rate: (-mean_aucs[rate], rate))
