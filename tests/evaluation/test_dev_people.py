"""Other dev people: weights by hand, thresholds and HTER against one at a time, and draws that sources share."""

from __future__ import annotations

import numpy as np
import pytest

from fasrepro.evaluation import dev_people, metrics
from fasrepro.evaluation.aggregate import Columns
from fasrepro.evaluation.metrics import MetricError


def dev(datasets: dict[str, int], seed: int = 0, videos: int = 3) -> Columns:
    """Return dev rows of so many people a data set, each with as many videos of either label."""
    rows = [(name, f"{name}{n}", label) for name, people in datasets.items() for n in range(people) for label in (0, 1)] * videos
    labels = np.array([label for *_, label in rows])
    values = 1 / (1 + np.exp(-(labels - 0.5 + np.random.default_rng(seed).normal(0, 1, len(rows)))))
    names = [np.array([row[place] for row in rows]) for place in (0, 1)]
    return Columns(np.arange(len(rows)), labels, labels, names[1], names[0], values)


def test_each_label_of_each_data_set_weighs_the_same_in_every_draw() -> None:
    rows = dev({"msu": 2, "casia": 5})
    drawn = dev_people.weights(rows, seed=1, draws=50)
    assert drawn.shape == (50, len(rows.labels))
    for dataset in ("msu", "casia"):
        for label in (0, 1):
            of_group = drawn[:, (rows.datasets == dataset) & (rows.labels == label)]
            assert of_group.sum(axis=1) == pytest.approx(np.ones(50))
    assert len(np.unique(drawn, axis=0)) > 40


def test_protocols_that_share_a_source_share_its_draws() -> None:
    one, other = dev({"msu": 4, "casia": 5}), dev({"casia": 5, "oulu": 3})
    first, second = (dev_people.weights(rows, seed=1) for rows in (one, other))
    assert np.array_equal(first[:, one.datasets == "casia"], second[:, other.datasets == "casia"])
    assert not np.array_equal(first, dev_people.weights(one, seed=2))


def test_thresholds_are_those_of_each_draw_alone() -> None:
    rows = dev({"msu": 4, "casia": 5})
    drawn = dev_people.weights(rows, seed=1, draws=6)
    assert dev_people.thresholds(rows, drawn) == pytest.approx([metrics.eer(rows.labels, rows.values, one)[1] for one in drawn])
    own = metrics.balanced_weights(rows.labels, rows.datasets)[None]
    assert dev_people.thresholds(rows, own)[0] == metrics.dev_threshold(rows.labels, rows.values, rows.datasets)


def test_hter_at_many_thresholds_is_hter_at_each() -> None:
    rows = dev({"oulu": 6}, seed=3)
    cuts = np.array([0.0, rows.values[0], 0.5, 1.0])  # among them a score that equals the threshold
    wanted = [metrics.rates(rows.labels, rows.values, ["print"] * len(rows.labels), cut)["hter"] for cut in cuts]
    assert dev_people.hter(rows.labels, rows.values, cuts) == pytest.approx(wanted)


def test_people_that_lack_a_label_are_named() -> None:
    rows = dev({"msu": 3})
    alone = Columns(
        *(getattr(rows, name)[rows.labels == 1] for name in ("ids", "labels", "species", "subjects", "datasets", "values"))
    )
    with pytest.raises(MetricError, match="dev/msu: no bona fide rows"):
        dev_people.weights(alone, seed=1)
