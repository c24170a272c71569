"""A reader that applies a fixed rule over words, and its definition of a concluding sentence."""

from __future__ import annotations

import re

from fasrepro import vocabulary
from fasrepro.rows.captions import Verdict

# Words that state a verdict. "real" and "live" count only before a noun for a person: "without real shadows" states none.
_STATED = {
    Verdict.ATTACK: re.compile(
        r"\b(?:(?:presentation |spoof(?:ing)? )?attacks?|spoof(?:s|ed|ing)?|fake[ds]?|impost[eo]rs?|verdict: attack)\b"
    ),
    Verdict.BONA_FIDE: re.compile(
        r"\b(?:bona[ _]fide|genuine|authentic|(?:live|living|real|actual) (?:face|person|human|people|subject|presentation)s?)\b"
    ),
}
# The material of an attack, in the words of `vocabulary.SPECIES` and similar ones. Makeup alone is none: live people wear it.
_MATERIAL = re.compile(
    r"\b(?:printed (?:colou?r )?(?:photo(?:graph)?|picture|image|copy|paper|sheet|eye|mouth|strip|patch|mask)s?"
    r"|(?:photo|paper) prints?|printouts?|(?:paper|toy|funny) glasses|false (?:piece|part|face|eye|mouth|nose)s?"
    r"|(?:photo|picture|face)s? (?:(?:printed )?on (?:a sheet|(?:office )?paper|cloth)|in an? (?:album|newspaper)|cut out)"
    r"|printed posters?|cut-out photos?|dolls?|model figures?"
    r"|on (?:a|the) (?:\w+ )?(?:screen|display|monitor|tablet|phone)|replay(?:s|ed)?|recaptured?"
    r"|(?<!medical )(?<!surgical )(?:face)?masks?|mannequins?|dummy|(?:disguis|impersonat|obfuscat)\w+"
    r"|(?:heavy|thick|strong|theatrical|stage) (?:\w+ )?make-?up|make-?up (?:that|which|to) (?:change|cop|hide)\w*)\b"
)
_NATURAL = re.compile(r"\bnatural (?:skin|texture)\b|\breal depth\b|\bshadows (?:follow|fit)\b|\beyes look alive\b")
_NOT = re.compile(
    r"\b(?:(?:no|little|few|without)\b(?! (?:any |a )?doubt)|not|never|isn't|cannot|rather than|instead of|nor|neither|free of"
    r"|lack(?:s|ing)?|denies|hardly|scarcely|barely)\b|n't\b"
)
_SOME = re.compile(r"\ba (?:little|few)\b")  # negates nothing, unlike "little" and "few"
_OPPOSITE = {Verdict.ATTACK: Verdict.BONA_FIDE, Verdict.BONA_FIDE: Verdict.ATTACK}
_REACH = 5  # words that a negation reaches forward within its clause


def read(text: str) -> Verdict:
    """Read an explanation by a fixed rule over words.

    1. The last sentence that states a verdict ("presentation attack", "spoof", "fake"; "bona fide", "genuine", "live person")
       decides, unless it states both. A negation up to five words before, within the clause, reverses a verdict.
    2. Where no sentence states a verdict: cues of attacks (`vocabulary.CUES`) and materials of attacks ("a mask", "a printed
       photo"), not negated, count for an attack; signs of a natural face count for bona fide. Both or neither: undecided.
    """
    sentences = re.split(r"[.!?\n]+", text.lower().replace("\u2019", "'"))
    for sentence in reversed(sentences):
        stated = {
            _OPPOSITE[verdict] if _negated(sentence, match.start()) else verdict
            for verdict, pattern in _STATED.items()
            for match in pattern.finditer(sentence)
        }
        if stated:
            return stated.pop() if len(stated) == 1 else Verdict.UNDECIDED
    attack = any(
        not _negated(sentence, start)
        for sentence in sentences
        for start in [*_phrasings(sentence), *(match.start() for match in _MATERIAL.finditer(sentence))]
    )
    natural = any(not _negated(sentence, match.start()) for sentence in sentences for match in _NATURAL.finditer(sentence))
    if attack == natural:
        return Verdict.UNDECIDED
    return Verdict.ATTACK if attack else Verdict.BONA_FIDE


# "All this speaks for a printed photo" concludes from the signs; "one can see paper fibres" does not.
_CONCLUDES = re.compile(
    r"\b(?:fits|looks? like|speaks? for|points? to|consistent with|appears? to be|seems? to be|suggests?|indicates?|must be"
    r"|this is|it is|is likely)\b"
)


def concludes(sentence: str) -> bool:
    """Return whether a sentence concludes: it states a verdict, or says that the signs show the material of an attack."""
    plain = sentence.lower().replace("\u2019", "'")
    stated = any(pattern.search(plain) for pattern in _STATED.values())
    return stated or bool(_CONCLUDES.search(plain) and _MATERIAL.search(plain))


def _phrasings(sentence: str) -> list[int]:
    """Return the places in a sentence where phrasings of cues begin."""
    return [sentence.find(phrasing) for cue in vocabulary.CUES.values() for phrasing in cue.phrasings if phrasing in sentence]


def _negated(sentence: str, position: int) -> bool:
    """Return whether a negation precedes `position` within its clause, by at most `_REACH` words."""
    clause = _SOME.sub("some", re.split(r"[,;:]|\bbut\b", sentence[:position])[-1])
    return bool(_NOT.search(" ".join(clause.split()[-_REACH:])))
