"""In which order reinforcement learning asks about the faces of its pool. Imports no torch."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from fasrepro.training import rewards


def draw(truths: Sequence[str], wanted: int, seed: int, weights: Sequence[float] | None = None) -> list[int]:
    """Return the numbers of the faces that are asked about, in order; the words take turns, so that half are bona fide.

    Args:
        truths: the word of each face of the pool.
        wanted: how many are drawn.
        seed: of the draw.
        weights: how often each face is drawn, beside the others of its word; None for each once before any comes again.

    Raises:
        ValueError: where all faces of the pool have one word.

    >>> [number % 2 for number in draw(["Yes", "No"] * 3, 6, 0)], sorted(draw(["Yes", "No"] * 3, 6, 0))
    ([1, 0, 1, 0, 1, 0], [0, 1, 2, 3, 4, 5])
    >>> set(draw(["Yes", "No", "Yes"], 9, 0, [0.0, 1.0, 1.0]))
    {1, 2}
    """
    if set(truths) != set(rewards.OPPOSITE):
        raise ValueError(f"the pool of reinforcement learning has faces of {sorted(set(truths))} alone: it needs both labels")
    random = np.random.default_rng(seed)
    turns = []
    for word in sorted(rewards.OPPOSITE):
        numbers = np.flatnonzero(np.asarray(truths) == word)
        needed = -(-wanted // 2)
        if weights is None:
            rounds = [random.permutation(numbers) for _ in range(-(-needed // len(numbers)))]
            turns.append(np.concatenate(rounds)[:needed])
        else:
            shares = np.asarray(weights, float)[numbers]
            turns.append(random.choice(numbers, size=needed, p=shares / shares.sum()))
    return np.stack(turns, axis=1).flatten()[:wanted].tolist()


def mixed_weights(right: Sequence[int], samples: int) -> list[float]:
    """Return how often each face is drawn where `right` of `samples` completions of the start model were right.

    That is the variance of the outcomes, with one more outcome of either kind, so that no face is never drawn.

    >>> [round(weight, 2) for weight in mixed_weights([0, 2, 4], 4)]
    [0.14, 0.25, 0.14]
    """
    rates = [(one + 1) / (samples + 2) for one in right]
    return [rate * (1 - rate) for rate in rates]
