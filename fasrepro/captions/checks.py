"""What makes a reply a caption: a parser for every style, and the reasons for which a reply is refused and asked again."""

from __future__ import annotations

import json
import re

from fasrepro.captions.styles import OF_LABEL, VERDICT_FIELD, VERDICTS, Style
from fasrepro.llm.types import FILTERED, REFUSED, Rejected
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

# How language models decline. Looked for at the beginning alone: a caption may well say "I can't see a border".
REFUSAL = re.compile(
    r"^\W*(?:(?:i['\u2019]?m|i am|we['\u2019]?re) (?:\w+ )?(?:sorry|unable|not able|not comfortable)"
    r"|sorry\b|apologies|i apologi[sz]e|(?:as|being) an ai\b|unfortunately,? i\b|my guidelines"
    r"|i (?:can['\u2019]?t|can ?not|won['\u2019]?t|will not|must decline|do not feel)|i don['\u2019]t (?:feel|think i can))",
    re.IGNORECASE,
)
# How they decline within a text that has a caption's form: the task is refused, or the person made the reason not to look.
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
_VERDICT = re.compile("(" + "|".join(re.escape(sentence.rstrip(".")) for sentence in VERDICTS.values()) + ")", re.IGNORECASE)
_VERDICT_OF = {sentence.rstrip(".").lower(): verdict for verdict, sentence in VERDICTS.items()}
# Words by which a text says that a face is or is not an attack. "A screen behind them" may stand in any room.
_ATTACK = re.compile(
    r"\b(?:spoof\w*|fakes?|attack\w*|bona fide|genuine|authentic|real person|live person|liveness)\b", re.IGNORECASE
)
_FENCE = re.compile(r"^```\w*\s*|\s*```$")
_TRIM = re.compile(r"[\s.*_\"'`\u201c\u201d]+$")


def parse(style: Style, text: str) -> tuple[str, Verdict]:
    """Read a caption of `style`; return its clean text (one line a step, single blanks, no markup) and its verdict.

    The verdict is undecided where the style does not conclude. Clean text is a fixed point: parsing it again returns it. Raises
    `Rejected` with code "empty", "refusal", "format", "no verdict", "not neutral", "too short" or "too long".
    """
    if not text.strip():
        raise Rejected("empty")
    if REFUSAL.match(text.strip()):
        raise Rejected(REFUSED, _clip(text))
    if text.lstrip().startswith(("{", "[", "```")):
        text = _laid_out(style, text)
    if veiled := VEILED.search(text):
        raise Rejected(REFUSED, f"it has a caption's form and says {_clip(veiled[0])!r}")
    parts = steps(style, text) if style.headings else [_squeeze(text)]
    body, verdict = _split_verdict(parts[-1]) if style.concludes else (_neutral(parts[-1]), Verdict.UNDECIDED)
    if any(_VERDICT.search(part) for part in [*parts[:-1], body]):
        raise Rejected("format", "a verdict stands before the end")
    clean = style.format([*parts[:-1], body], verdict)
    words = len(clean.split())
    if words < style.least_words:
        raise Rejected("too short", f"{words} words, at least {style.least_words}")
    if words > style.most_words:
        raise Rejected("too long", f"{words} words, at most {style.most_words}")
    return clean, verdict


def accept(style: Style, text: str, finish_reason: str, told: Label | None) -> tuple[str, Verdict]:
    """Judge a whole reply: `parse`, and a reply that was cut off, filtered, or contradicts the label that it was told.

    `told` is None when the annotator was not told the label: then any verdict stands. Raises `Rejected`.
    """
    if finish_reason == "length":
        raise Rejected("cut off", f"after {len(text.split())} words")
    if finish_reason == FILTERED:
        raise Rejected(REFUSED, "content filter")
    clean, verdict = parse(style, text)
    if told is not None and verdict != OF_LABEL[told]:
        raise Rejected("contradicts the label", f"told {told.name.lower()}, says {verdict.value}")
    return clean, verdict


def _laid_out(style: Style, text: str) -> str:
    """Lay a JSON answer out as the style's text, which is then read as any. Raises `Rejected` with code "format" or "empty"."""
    try:
        answer = json.loads(_FENCE.sub("", text.strip()))
    except ValueError:
        raise Rejected("format", "no valid JSON") from None
    wanted = [*style.fields(), *([VERDICT_FIELD] if style.concludes else [])]
    if not isinstance(answer, dict) or sorted(answer) != sorted(wanted):
        raise Rejected(
            "format", f"JSON with {', '.join(map(str, answer)) if isinstance(answer, dict) else type(answer).__name__}"
        )
    if not all(isinstance(value, str) for value in answer.values()):
        raise Rejected("format", "JSON with a value that is no text")
    parts = [_squeeze(answer[field]) for field in style.fields()]
    if not any(parts):
        raise Rejected("empty")
    if style.concludes:
        said = _squeeze(answer[VERDICT_FIELD]).rstrip(".")
        if said.lower() not in _VERDICT_OF:
            raise Rejected("no verdict", _clip(said))
        # A model that was also told to end its text with the verdict may have done so.
        last = _TRIM.sub("", parts[-1])
        if last.lower().endswith(said.lower()):
            parts[-1] = last[: -len(said)].rstrip()
        return style.format(parts, _VERDICT_OF[said.lower()])
    return style.format(parts, Verdict.UNDECIDED)


def _squeeze(text: str) -> str:
    return " ".join(text.replace("**", " ").replace("__", " ").split())


def _clip(text: str, length: int = 80) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= length else flat[: length - 3] + "..."


def steps(style: Style, text: str) -> list[str]:
    """Return the text of each step. A heading may carry a number or markdown: "2. **Artifact detection:** ...".

    Raises `Rejected` with code "format".
    """
    titles = "|".join(re.escape(heading) for heading in style.headings)
    pattern = re.compile(rf"^[ \t#>*_-]*(?:(?:step\s*)?\d[.):]?\s*)?[*_]*({titles})[*_]*\s*:", re.IGNORECASE | re.MULTILINE)
    found = list(pattern.finditer(text))
    names = [match.group(1).lower() for match in found]
    wanted = [heading.lower() for heading in style.headings]
    if names != wanted:
        missing = [heading for heading in style.headings if heading.lower() not in names]
        raise Rejected("format", f"missing {', '.join(missing)}" if missing else f"steps out of order or twice: {names}")
    if text[: found[0].start()].strip(" \t\r\n*_#`"):
        raise Rejected("format", f"text before the first step: {_clip(text[: found[0].start()], 40)!r}")
    ends = [match.start() for match in found[1:]] + [len(text)]
    parts = [_squeeze(text[match.end() : end]).lstrip("*_ ") for match, end in zip(found, ends, strict=True)]
    for heading, part in zip(style.headings, parts, strict=True):
        if not part:
            raise Rejected("format", f"nothing under {heading}")
    return parts


def _neutral(text: str) -> str:
    """Return a text that speaks of no attack and of no live person as such. Raises `Rejected` for another."""
    if found := _ATTACK.search(text):
        raise Rejected("not neutral", _clip(found[0]))
    return text


def _split_verdict(text: str) -> tuple[str, Verdict]:
    """Split the verdict's sentence off the end of a text. Raises `Rejected` where it does not end with one."""
    trimmed = _TRIM.sub("", text)
    matches = list(_VERDICT.finditer(trimmed))
    if not matches or matches[-1].end() != len(trimmed):
        raise Rejected("no verdict", _clip(text[-80:]))
    last = matches[-1]
    return trimmed[: last.start()].rstrip(" *_"), _VERDICT_OF[last.group(1).lower()]
