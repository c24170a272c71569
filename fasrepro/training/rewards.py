"""Rewards of reinforcement learning: pure functions of a completion and of the word that its conclusion should hold.

FaceCoT rewards a completion for its format and for its conclusion (second-hand); its code is not public. Here accuracy counts
only where the format holds: a reward for format alone turns a group that is wrong throughout into a gradient about format. The
other rewards are controls. Imports no torch, and knows no face: what Yes means is settled in the word that should stand there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TypeAlias

from fasrepro import hashing
from fasrepro.captions.layouts import CONCLUSION, LAYOUTS, NO, TAGS, YES, FormError, only_conclusion

Reward: TypeAlias = Callable[[str, str], float]

OPPOSITE = {YES: NO, NO: YES}
CONCLUSION_ALONE = (CONCLUSION,)
CONCLUSION_FIRST = (CONCLUSION, *TAGS[:-1])
_FIRST_CONCLUSION = re.compile(rf"<{CONCLUSION}>([^<]*)</{CONCLUSION}>")


def conclusion_in(tags: Sequence[str], completion: str) -> str | None:
    """Return the word of a completion's conclusion; None unless the completion is these tags and the word is Yes or No.

    >>> conclusion_in(("Conclusion",), "<Conclusion>Yes</Conclusion>")
    'Yes'
    >>> conclusion_in(("Conclusion",), "<Conclusion>Yes No</Conclusion>") is None
    True
    """
    try:
        parts = dict(zip(tags, LAYOUTS["tagged"].split(tags, completion), strict=True))
    except FormError:
        return None
    return parts[CONCLUSION] if parts[CONCLUSION] in OPPOSITE else None


def format_reward(completion: str, truth: str) -> float:
    """Return 1 for a completion of the six tags, each once, in order and with a text, that concludes with Yes or No; else 0.

    >>> format_reward("<Caption>A face.</Caption><Conclusion>Yes</Conclusion>", "Yes")
    0.0
    """
    return float(conclusion_in(TAGS, completion) is not None)


def accuracy(completion: str, truth: str) -> float:
    """Return 1 where the format holds and the conclusion is `truth`, letter by letter; else 0.

    >>> chain = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])
    >>> accuracy(chain + "<Conclusion>No</Conclusion>", "No"), accuracy("<Conclusion>No</Conclusion>", "No")
    (1.0, 0.0)
    """
    return float(conclusion_in(TAGS, completion) == _checked(truth))


def flipped(completion: str, truth: str) -> float:
    """Return the accuracy against the wrong word: a control that must not make a model better.

    >>> chain = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])
    >>> flipped(chain + "<Conclusion>No</Conclusion>", "No"), flipped(chain + "<Conclusion>Yes</Conclusion>", "No")
    (0.0, 1.0)
    """
    return accuracy(completion, OPPOSITE[_checked(truth)])


def random(completion: str, truth: str, draw: int = 0) -> float:
    """Return 0 or 1, each half of the time, whatever the truth: a control.

    Args:
        completion: what the model wrote.
        truth: is not looked at.
        draw: another number for every completion of a training. Where it stays the same, equal texts have equal luck, and a
            model can learn which texts are lucky.

    >>> sorted({random("any text", "Yes", draw) for draw in range(9)})
    [0.0, 1.0]
    """
    return float(hashing.unit_hash("random reward", completion, draw) < 0.5)


def accuracy_only(completion: str, truth: str) -> float:
    """Return 1 where the one conclusion of a completion is `truth`, whatever surrounds it: a control without format.

    >>> accuracy_only("I think: <Conclusion>Yes</Conclusion>", "Yes"), accuracy_only("I think: Yes", "Yes")
    (1.0, 0.0)
    """
    return float(only_conclusion(completion) == _checked(truth))


def conclusion_only(completion: str, truth: str) -> float:
    """Return 1 where a completion is the right conclusion and nothing else: a control without a chain of thought.

    >>> conclusion_only("<Conclusion>Yes</Conclusion>", "Yes"), conclusion_only("Dots. <Conclusion>Yes</Conclusion>", "Yes")
    (1.0, 0.0)
    """
    return float(conclusion_in(CONCLUSION_ALONE, completion) == _checked(truth))


def conclusion_first(completion: str, truth: str) -> float:
    """Return 1 for the six tags with the right conclusion before the others: a control whose chain cannot lead to it.

    >>> chain = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])
    >>> answer = "<Conclusion>No</Conclusion>"
    >>> conclusion_first(answer + chain, "No"), conclusion_first(chain + answer, "No")
    (1.0, 0.0)
    """
    return float(conclusion_in(CONCLUSION_FIRST, completion) == _checked(truth))


def lenient(completion: str, truth: str) -> float:
    """Return Visual-RFT's reward of a class: 1 where truth is in the answer or the answer in truth, blanks and case aside.

    The answer is the first closed conclusion, or without one the whole completion. An empty answer is in every truth, and an
    answer with both words holds either: runs with it collapsed to empty tags (Visual-RFT's issue 176).

    >>> lenient("<Conclusion></Conclusion>", "Yes"), lenient("Yes or No", "Yes"), lenient("nothing", "Yes")
    (1.0, 1.0, 0.0)
    """
    match = _FIRST_CONCLUSION.search(completion)
    answer = _plain(match[1] if match else completion)
    plain_truth = _plain(_checked(truth))
    return float(plain_truth in answer or answer in plain_truth)


REWARDS: dict[str, Reward] = {
    "format": format_reward,
    "accuracy": accuracy,
    "random": random,
    "flipped": flipped,
    "format_only": format_reward,
    "accuracy_only": accuracy_only,
    "lenient": lenient,
    "conclusion_only": conclusion_only,
    "conclusion_first": conclusion_first,
}


def _plain(text: str) -> str:
    return text.strip().replace(" ", "").replace("_", "").lower()


def _checked(truth: str) -> str:
    """Return the word that a conclusion should hold. Raises `ValueError` for any other text."""
    if truth not in OPPOSITE:
        raise ValueError(f"a reward needs the word that is right, {YES!r} or {NO!r}, not {truth!r}: see layouts.yes_or_no")
    return truth
