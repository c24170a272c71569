"""Near-duplicates among captions: texts whose sets of five-word runs have a Jaccard similarity of four fifths or more.

The join is exact. By prefix filtering (Chaudhuri et al., ICDE 2006; Xiao et al., WWW 2008), two sets that are similar enough
share at least one of the few rarest runs of each. Only texts that do are compared, and compared in full.
"""

from __future__ import annotations

import array
from collections.abc import Iterable, Sequence

import numpy as np

WINDOW = 5  # words per run
CHUNK = 1 << 16  # values that are renumbered at a time
# The Jaccard similarity from which on two texts are near-duplicates, as a fraction, so that nothing is rounded.
SHARED, OF = 4, 5


def near_duplicates(texts: Sequence[str]) -> np.ndarray:
    """Return which texts have a near-duplicate among the others, bool of shape (texts,).

    Two texts are near-duplicates if their sets of runs of `WINDOW` words, in lower case, have a Jaccard similarity of
    `SHARED` / `OF` or more. A text with fewer words counts as one run.

    >>> near_duplicates(["a b c d e f", "A b c d e f", "g h i j k"]).tolist()
    [True, True, False]
    """
    near = np.zeros(len(texts), dtype=bool)
    if not len(texts):
        return near
    runs, bounds = _runs(texts)
    sizes = np.diff(bounds)
    # Of two such texts the smaller shares SHARED / OF of the larger's runs, and so also one of the larger's `prefix` rarest.
    prefix = sizes - -(-SHARED * sizes // OF) + 1
    last, rest = runs[bounds[:-1] + prefix - 1], sizes - prefix
    holders, holder_bounds = _holders(runs, bounds, prefix)
    marked = np.zeros(len(holder_bounds) - 1, dtype=bool)
    for number in range(len(texts)):
        if near[number]:
            continue
        first = bounds[number]
        rarest = runs[first : first + prefix[number]].tolist()
        candidates = np.concatenate([holders[holder_bounds[run] : holder_bounds[run + 1]] for run in rarest])
        others, shared = np.unique(candidates, return_counts=True)
        # The most runs that two texts can share: those found in both prefixes, and the rest of the text whose prefix ends first.
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
    """Return the distinct runs of all texts, numbered from the rarest and sorted within each text, and where each text begins.

    Written to save memory, which limits tens of thousands of texts: numbers have 32 bits except where they are joined.
    """
    numbers_of: dict[str, int] = {"": 0}
    words, lengths = array.array("i"), []
    for text in texts:
        numbers = [numbers_of.setdefault(word, len(numbers_of)) for word in text.lower().split()]
        numbers += [0] * (WINDOW - len(numbers))  # "" is no word, so a short text is only similar to its equals
        words.extend(numbers)
        lengths.append(len(numbers))
    flat, sizes = np.frombuffer(words, dtype=np.int32), np.array(lengths)
    # A run of k + 1 words is numbered by its first k and the next word; renumbering keeps the product within 64 bits.
    numbered = flat
    for place in range(1, WINDOW):
        joined = numbered[: len(flat) - place].astype(np.int64)
        joined *= len(numbers_of)
        joined += flat[place:]
        numbered = _numbered(joined)
    within = np.ones(len(flat), dtype=bool)
    for place in range(1, WINDOW):
        within[np.cumsum(sizes) - place] = False  # a run that starts there would reach into the next text
    numbered = numbered[within[: len(numbered)]]
    count = int(numbered.max()) + 1
    held = np.repeat(np.arange(len(sizes)) * count, sizes - WINDOW + 1)
    held += numbered
    held.sort()
    held = held[np.concatenate([[True], held[1:] != held[:-1]])]  # keeps each run of a text once
    numbered = (held % count).astype(np.int32)
    rank = np.empty(count, dtype=np.int32)
    rank[np.argsort(np.bincount(numbered), kind="stable")] = np.arange(count)
    held += rank[numbered] - numbered
    held.sort()
    return (held % count).astype(np.int32), np.searchsorted(held, np.arange(len(sizes) + 1) * count)


def _numbered(values: np.ndarray) -> np.ndarray:
    """Return each value's place among the distinct ones, like the inverse of `np.unique` in a third of the memory."""
    distinct = np.unique(values)
    places = np.empty(len(values), dtype=np.int32)
    for start in range(0, len(values), CHUNK):
        places[start : start + CHUNK] = np.searchsorted(distinct, values[start : start + CHUNK])
    return places


def _holders(runs: np.ndarray, bounds: np.ndarray, prefix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return, run by run, the texts that have it among their first `prefix` runs, and where each run's texts begin."""
    first = runs[_spans(bounds[:-1], prefix)]
    holders = np.repeat(np.arange(len(prefix), dtype=np.int32), prefix)[np.argsort(first, kind="stable")]
    return holders, np.concatenate([[0], np.cumsum(np.bincount(first, minlength=int(runs.max()) + 1))])


def _starts(sizes: np.ndarray) -> np.ndarray:
    """Return where consecutive stretches of these sizes begin."""
    return np.cumsum(sizes) - sizes


def _spans(begin: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Return all places of the stretches that begin at `begin`, one stretch after the other."""
    return np.repeat(begin - _starts(sizes), sizes) + np.arange(sizes.sum())
