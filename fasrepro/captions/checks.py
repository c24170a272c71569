"""What makes a reply a caption, and the reasons for which a reply is rejected and asked again."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fasrepro.captions.layouts import FormError, clip
from fasrepro.captions.styles import OF_LABEL, Style
from fasrepro.llm.types import FILTERED, REFUSED, Rejected
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

# How language models decline. Sought only at the beginning: a caption may well say "I can't see a border".
REFUSAL = re.compile(
    r"^\W*(?:(?:i['\u2019]?m|i am|we['\u2019]?re) (?:\w+ )?(?:sorry|unable|not able|not comfortable)"
    r"|sorry\b|apologies|i apologi[sz]e|(?:as|being) an ai\b|unfortunately,? i\b|my guidelines"
    r"|i (?:can['\u2019]?t|can ?not|won['\u2019]?t|will not|must decline|do not feel)|i don['\u2019]t (?:feel|think i can))",
    re.IGNORECASE,
)
# How they decline inside a text that has a caption's form: they refuse the task, or give the person as a reason not to look.
VEILED = re.compile(
    r"\b(?:i|we)(?: am| ?['\u2019]m| are| ?['\u2019]re)? (?:can ?not|can['\u2019]?t|won['\u2019]?t|will not|must decline to"
    r"|unable to|not able to|not allowed to|not comfortable)"
    r" (?:help|assist|comply|fulfil|analy[sz]e (?:this|the|a) (?:image|face|person)"
    r"|(?:identify|recogni[sz]e|judge|assess|describe|evaluate) (?:this|the|a|any|real|people|persons?|individuals?|faces?)"
    r"|provide (?:an? |any |such )?(?:analys|assessment|description|judg|explanation|answer))"
    r"|\b(?:analysis|assessment|description|explanation) (?:is |was )?(?:not provided|withheld|declined|omitted)"
    r"|\b(?:violates?|against|under|due to) (?:\w+ ){0,3}(?:polic(?:y|ies)|guidelines)\b|\bas an ai\b",
    re.IGNORECASE,
)
# Words that say whether a face is an attack. A screen or a mask is not among them: one may stand in any room.
ATTACK_WORDS = re.compile(
    r"\b(?:spoof\w*|fakes?|attack\w*|bona fide|genuine|authentic|real person|live person|liveness)\b", re.IGNORECASE
)


def parse(style: Style, text: str) -> tuple[str, Verdict]:
    """Read a caption of `style`; return its clean text (single blanks, no markup) and its verdict.

    The verdict is undecided if the style asks for none. Clean text is a fixed point: parsing it returns it unchanged.

    Raises:
        Rejected: with code "empty", "refusal", "format", "no verdict", "not neutral", "too short" or "too long".
    """
    if not text.strip():
        raise Rejected("empty")
    if REFUSAL.match(text.strip()):
        raise Rejected(REFUSED, clip(text))
    form = style.form
    try:
        if text.lstrip().startswith(("{", "[", "```")):
            text = form.text_of_json(text)
        if veiled := VEILED.search(text):
            raise Rejected(REFUSED, f"it has a caption's form and says {clip(veiled[0])!r}")
        parts, verdict = form.parse(text)
    except FormError as error:
        raise Rejected(error.code, error.detail) from None
    if not style.concludes and (attack := ATTACK_WORDS.search(" ".join(parts))):
        raise Rejected("not neutral", clip(attack[0]))
    clean = form.write(parts, verdict)
    words = len(clean.split())
    if words < style.min_words:
        raise Rejected("too short", f"{words} words, at least {style.min_words}")
    if words > style.max_words:
        raise Rejected("too long", f"{words} words, at most {style.max_words}")
    return clean, verdict


def accept(style: Style, text: str, finish_reason: str, told: Label | None) -> tuple[str, Verdict]:
    """Judge a whole reply: do as `parse`, and reject one that was cut off, filtered, or contradicts the label.

    Args:
        style: of the caption.
        text: of the reply.
        finish_reason: of the reply.
        told: the label that the annotator was told; None if it was not, so that any verdict is accepted.

    Raises:
        Rejected: with a code of `parse`, "cut off", or "contradicts the label".
    """
    if finish_reason == "length":
        raise Rejected("cut off", f"after {len(text.split())} words")
    if finish_reason == FILTERED:
        raise Rejected(REFUSED, "content filter")
    clean, verdict = parse(style, text)
    if told is not None and verdict != OF_LABEL[told]:
        raise Rejected("contradicts the label", f"told {told.name.lower()}, says {verdict.value}")
    return clean, verdict


def has_form(text: str, styles: Sequence[Style]) -> bool:
    """Return whether a text that a model wrote would be accepted as a caption of one of the styles.

    A text with a heading must match a style that has headings: running text would accept it, however malformed its steps are.
    """
    marked = [style for style in styles if style.form.is_marked(text)]
    for style in marked or styles:
        try:
            parse(style, text)
        except Rejected:
            continue
        return True
    return False
