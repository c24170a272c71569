"""What a language model reads of new pictures: whose description it finds likelier, and which effects it names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet

import numpy as np

from fasrepro.evaluation.results.probes import NamedEffects

DECIMALS = 6  # of a log-likelihood: closer ones are a tie


def own_picture_share(own: np.ndarray, other: np.ndarray) -> float:
    """Return the share of descriptions that are likelier with their own picture than with another; a tie counts half.

    Args:
        own: (descriptions,) the log-likelihood of each with its own picture.
        other: the same with another picture of its kind.
    """
    return float(np.mean((np.sign(np.round(own - other, DECIMALS)) + 1) / 2))


def effects_in(text: str, wordings: Mapping[str, str]) -> frozenset[str]:
    """Return the effects that a text names; `wordings`: effects by what they may be called, in small letters."""
    said = text.lower()
    return frozenset(effect for wording, effect in wordings.items() if wording in said)


def named_effects(present: Sequence[AbstractSet[str]], named: Sequence[AbstractSet[str]]) -> NamedEffects:
    """Count the effects that texts name, each text beside its own picture and beside the next.

    Args:
        present: the effects in each picture.
        named: the effects that the text about each picture names.

    Raises:
        ValueError: no picture shows an effect.
    """
    total = sum(map(len, present))
    if not total:
        raise ValueError("no picture shows an effect")
    said, right = sum(map(len, named)), _common(present, named)
    another = _common(present, [*named[1:], *named[:1]])
    return NamedEffects(right / said if said else None, right / total, another / total)


def _common(first: Sequence[AbstractSet[str]], second: Sequence[AbstractSet[str]]) -> int:
    return sum(len(one & two) for one, two in zip(first, second, strict=True))
