"""Captions that say nearly the same: which of them have another whose sets of five-word runs overlap by four fifths or more.

The join is exact. By prefix filtering (Chaudhuri et al., ICDE 2006; Xiao et al., WWW 2008) two sets that are alike enough share
some of the few rarest runs of each, so that only texts that do are held against each other, and counted in full.
"""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence

import numpy as np

WINDOW = 5  # words a run
CHUNK = 1 << 16  # values that are numbered at a time
# Jaccard similarity from which on two texts are near-duplicates, as a fraction, so that nothing is rounded.
SHARED, OF = 4, 5


def near_duplicates(texts: Sequence[str]) -> np.ndarray:
    """Return which of `texts` have another whose Jaccard similarity is `SHARED` / `OF` or more, bool of shape (texts,).

    Compared are the sets of runs of `WINDOW` words, in lower case; a text with fewer words is one run.
    """
    near = np.zeros(len(texts), dtype=bool)
    if not len(texts):
        return near
    runs, bounds = _runs(texts)
    sizes = np.diff(bounds)
    # Of texts as alike as that the smaller shares SHARED / OF of the larger's runs, so one of the larger's first `looked_at` too.
    looked_at = sizes - -(-SHARED * sizes // OF) + 1
    last, rest = runs[bounds[:-1] + looked_at - 1], sizes - looked_at
    holders, holder_bounds = _holders(runs, bounds, looked_at)
    marked = np.zeros(len(holder_bounds) - 1, dtype=bool)
    for number in range(len(texts)):
        if near[number]:
            continue
        first = bounds[number]
        found = [holders[holder_bounds[run] : holder_bounds[run + 1]] for run in runs[first : first + looked_at[number]].tolist()]
        others, shared = np.unique(np.concatenate(found), return_counts=True)
        # Whose last run looked at comes first has shared all that it can of those; of the others it can share them all.
        most = shared + np.where(last[others] < last[number], rest[others], rest[number])
        others = others[((SHARED + OF) * most >= SHARED * (sizes[others] + sizes[number])) & (others != number)]
        if not len(others):
            continue
        own = runs[first : bounds[number + 1]]
        marked[own] = True
        same = np.add.reduceat(marked[runs[_spans(bounds[others], sizes[others])]], _starts(sizes[others]), dtype=np.int64)
        marked[own] = False
        # same / (both - same) >= SHARED / OF
        alike = (SHARED + OF) * same >= SHARED * (sizes[others] + sizes[number])
        near[others[alike]] = True
        near[number] = alike.any()
    return near


def _runs(texts: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return the distinct runs of all texts, numbered from the rarest on, in order in each text, and where each text's begin.

    Written for memory, which is what texts by the ten thousand are short of: numbers are 32 bits wide but where they are joined.
    """
    known: dict[str, int] = {"": 0}
    words, lengths = array.array("i"), []
    for text in texts:
        numbers = [known.setdefault(word, len(known)) for word in text.lower().split()]
        numbers += [0] * (WINDOW - len(numbers))  # "" is no word, so that a short text is alike to its equals alone
        words.extend(numbers)
        lengths.append(len(numbers))
    flat, sizes = np.frombuffer(words, dtype=np.int32), np.array(lengths)
    # A run of k + 1 words is the number of its first k and the next word; numbering them anew keeps the product in 64 bits.
    numbered = flat
    for place in range(1, WINDOW):
        joined = numbered[: len(flat) - place].astype(np.int64)
        joined *= len(known)
        joined += flat[place:]
        numbered = _numbered(joined)
    within = np.ones(len(flat), dtype=bool)
    for place in range(1, WINDOW):
        within[np.cumsum(sizes) - place] = False  # a run from there would reach into the next text
    numbered = numbered[within[: len(numbered)]]
    count = int(numbered.max()) + 1
    held = np.repeat(np.arange(len(sizes)) * count, sizes - WINDOW + 1)
    held += numbered
    held.sort()
    held = held[np.concatenate([[True], held[1:] != held[:-1]])]  # each run of a text once
    numbered = (held % count).astype(np.int32)
    rank = np.empty(count, dtype=np.int32)
    rank[np.argsort(np.bincount(numbered), kind="stable")] = np.arange(count)
    held += rank[numbered] - numbered
    held.sort()
    return (held % count).astype(np.int32), np.searchsorted(held, np.arange(len(sizes) + 1) * count)


def _numbered(values: np.ndarray) -> np.ndarray:
    """Return each value's place among the distinct ones: what `np.unique` gives as its inverse, in a third of the memory."""
    distinct = np.unique(values)
    found = np.empty(len(values), dtype=np.int32)
    for start in range(0, len(values), CHUNK):
        found[start : start + CHUNK] = np.searchsorted(distinct, values[start : start + CHUNK])
    return found


def _holders(runs: np.ndarray, bounds: np.ndarray, looked_at: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the texts that have a run among their first `looked_at`, run by run, and where each run's begin."""
    first = runs[_spans(bounds[:-1], looked_at)]
    holders = np.repeat(np.arange(len(looked_at), dtype=np.int32), looked_at)[np.argsort(first, kind="stable")]
    return holders, np.concatenate([[0], np.cumsum(np.bincount(first, minlength=int(runs.max()) + 1))])


def _starts(sizes: np.ndarray) -> np.ndarray:
    """Return where stretches of these sizes begin when they lie one behind the other."""
    return np.cumsum(sizes) - sizes


def _spans(begin: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return all places of the stretches that begin at `begin`, one behind the other."""
    return np.repeat(begin - _starts(sizes), sizes) + np.arange(sizes.sum())
