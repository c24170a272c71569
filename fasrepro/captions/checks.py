"""What makes a reply a caption, and the reasons for which a reply is rejected and asked again.

`parse` reads a text that has a style's form. `accept` also judges how the reply ended, and what servers and models leave in
texts of good form: template tokens, control characters, loops, chatter, other languages, talk of an image that did not arrive.
"""

from __future__ import annotations

import re
import unicodedata
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
# The same in the languages in which models answer when they forget the question's.
REFUSAL_ABROAD = re.compile(
    r"^\W*(?:(?:yo |eu |io )?(?:lo siento|no puedo|mi dispiace|non posso|desculp|sinto muito|lamento|n[\xe3a]o posso)"
    r"|d[\xe9e]sol[\xe9e]|je (?:suis d[\xe9e]sol|ne peux pas|regrette)|(?:es )?tut mir leid|ich kann (?:leider |das |dies )?nicht"
    r"|leider|entschuldigung|het spijt me|ik kan (?:helaas )?niet|tyv[\xe4a]rr|jag kan inte|przepraszam|niestety|maaf"
    r"|xin l\u1ed7i|\xfczg\xfcn|maalesef|\u0438\u0437\u0432\u0438\u043d|\u043f\u0440\u043e\u0441\u0442\u0438"
    r"|\u043a \u0441\u043e\u0436\u0430\u043b\u0435\u043d|\u044f \u043d\u0435 \u043c\u043e\u0433"
    r"|(?:\u5f88|\u975e\u5e38)?\u62b1\u6b49|\u5bf9\u4e0d\u8d77|\u6211(?:\u65e0\u6cd5|\u4e0d\u80fd)"
    r"|\u7533\u3057\u8a33|\u3059\u307f\u307e\u305b\u3093|\uc8c4\uc1a1|\u0622\u0633\u0641|\u0639\u0630\u0631"
    r"|\u0623\u0639\u062a\u0630\u0631|\u0915\u094d\u0937\u092e\u093e|\u092e\u093e\u092b)",
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
# A model that got no image, whatever else it then wrote.
NO_IMAGE = re.compile(
    r"\bno (?:image|photo|picture|attachment)s? (?:(?:was|is|were|are|has been|have been|appears to be|seems to be) )?"
    r"(?:attached|provided|uploaded|included|shared|received|given|supplied|found)\b"
    r"|\b(?:image|photo|picture|attachment) (?:(?:was|is|has|does|did|could|seems|appears) )?(?:not|never|n['\u2019]t|failed to)"
    r" (?:to )?(?:be(?:en)? )?(?:attach|provid|upload|includ|shared|receiv|suppl|load|come through|visible to me)"
    r"|\b(?:wasn|isn|hasn|didn|couldn)['\u2019]t (?:be(?:en)? )?(?:attach|provid|upload|includ|load|come through)"
    r"|\b(?:don['\u2019]?t|do not|can['\u2019]?t|can ?not|did ?n[o'\u2019]?t|unable to) "
    r"(?:actually |directly |currently )?(?:see|view|receive|access|open|find|load|process) (?:any |an |the |your |this )?"
    r"(?:attached |uploaded )?(?:image|photo|picture|attachment)"
    r"|\b(?:upload|attach|provide|share|send|resend)(?: me)? (?:the|an|your|a) (?:image|photo|picture)",
    re.IGNORECASE,
)
# Signs of a chat template, or of thinking that the server did not take out of the answer.
TOKENS = re.compile(
    r"<[|\uff5c][^<>\n]{0,60}[|\uff5c]?>|\[/?INST\]|<</?SYS>>|\[/?(?:TOOL_CALLS|IMG|THINK)\]"
    r"|</?(?:s|unk|pad|bos|eos|mask|image|img|think|thinking|thought|scratchpad|start_of_turn|end_of_turn|end_of_utterance"
    r"|start_of_image|end_of_image|tool_call|fake_token_around_image|global-img)>|^\s*(?:user|assistant|human)\s*:",
    re.IGNORECASE | re.MULTILINE,
)
# Words around a caption that speak to the person who asked.
PREAMBLE = re.compile(
    r"^\W*(?:(?:sure|certainly|absolutely|of course|okay|ok|great|got it|understood|no problem|alright)\b\s*[,!.:;\u2014-]"
    r"|here(?:['\u2019]s| is| are)\b[^.:\n]{0,60}\b(?:caption|description|explanation|answer|analysis|response|justification)\b"
    r"|(?:the |my |final )?(?:caption|description|explanation|answer|analysis|response|output|text)\s*:"
    r"|(?:as requested|as you asked|based on your request)\b|i(?:['\u2019]d| would) be (?:happy|glad)\b)",
    re.IGNORECASE,
)
CHATTER = re.compile(
    r"\b(?:let me know if|i hope (?:this|that) helps|feel free to|would you like me to|if you need anything|happy to help"
    r"|is there anything else)\b",
    re.IGNORECASE,
)
CUT = re.compile(r"length|limit|max|context|error|abort|cancel|time|incomplete|interrupt", re.IGNORECASE)  # in a finish reason
STOPPED = re.compile(r"filter|safety|refus|block|prohibit|recitation|spii", re.IGNORECASE)  # likewise, by somebody's rules
SENTENCE_END = re.compile(r"[.!?\u2026][\"'\u201d\u2019)*_]*$")
# A text with more characters a word, or a longer run of marks, is no caption; our patterns take the square of a run's length.
LONGEST_WORD = 40
LONGEST_RUN = re.compile(r"[\W_]{200}")
# A stretch is a loop if it follows itself this often, and fills so many words.
REPEATS, LOOP_WORDS, LONGEST_PERIOD = 4, 7, 24
FOREIGN_SHARE = 0.2  # of a text's letters outside ASCII


def parse(style: Style, text: str) -> tuple[str, Verdict]:
    """Read a caption of `style`; return its clean text (single blanks, no markup) and its verdict.

    The verdict is undecided if the style asks for none. Clean text is a fixed point: parsing it returns it unchanged.

    Raises:
        Rejected: with code "empty", "refusal", "format", "no verdict", "not neutral", "too short" or "too long".
    """
    if not text.strip():
        raise Rejected("empty")
    if len(text) > style.max_words * LONGEST_WORD:
        raise Rejected("too long", f"{len(text)} characters, at most {style.max_words * LONGEST_WORD}")
    if LONGEST_RUN.search(text):
        raise Rejected("format", "a long run of signs that are no words")
    if REFUSAL.match(text.strip()) or REFUSAL_ABROAD.match(text.strip()):
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
    except RecursionError:
        raise Rejected("format", "JSON that is nested too deep") from None
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
    """Judge a whole reply: do as `parse`, and reject one that was cut off, filtered, contradicts the label, or is no plain text.

    Args:
        style: of the caption.
        text: of the reply.
        finish_reason: of the reply, in the words of whichever server.
        told: the label that the annotator was told; None if it was not, so that any verdict is accepted.

    Raises:
        Rejected: with a code of `parse`, "cut off", "contradicts the label", "no image", "markup", "loop", "chatter" or
            "language".
    """
    if CUT.search(finish_reason):
        why = "" if finish_reason == "length" else f" ({clip(finish_reason)})"
        raise Rejected("cut off", f"after {len(text.split())} words{why}")
    if finish_reason == FILTERED or STOPPED.search(finish_reason):
        raise Rejected(REFUSED, "content filter")
    if missing := NO_IMAGE.search(text):
        raise Rejected("no image", f"the reply says {clip(missing[0])!r}: did the server take the image?")
    clean, verdict = parse(style, text)
    check_plain(text)
    check_plain(clean)  # JSON can spell a sign that is not plain in signs that are
    check_words(style, clean)
    if told is not None and verdict != OF_LABEL[told]:
        raise Rejected("contradicts the label", f"told {told.name.lower()}, says {verdict.value}")
    return clean, verdict


def check_plain(text: str) -> None:
    """Raise `Rejected` for a chat template's tokens and for characters that no keyboard writes."""
    if token := TOKENS.search(text):
        shown = clip(token[0].strip())
        raise Rejected("markup", f"{shown!r}, which the server should take out: see its chat template and reasoning parser")
    for character in text:
        if character in "\t\n\r":
            continue
        kind = unicodedata.category(character)
        if kind in ("Cc", "Cs", "Co", "Cn") or character in "\ufffd\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069":
            raise Rejected("markup", f"the character U+{ord(character):04X}")


def check_words(style: Style, clean: str) -> None:
    """Raise `Rejected` for a clean text that repeats itself, speaks to the reader, is in another language, or just ends."""
    first = style.form.parse(clean)[0][0]
    if chatter := PREAMBLE.match(first) or CHATTER.search(clean):
        raise Rejected("chatter", clip(chatter[0]))
    if loop := repeated(clean.lower().split()):
        raise Rejected("loop", f"{clip(' '.join(loop))!r} again and again")
    letters = [character for character in clean if character.isalpha()]
    if sum(not character.isascii() for character in letters) > FOREIGN_SHARE * len(letters):
        raise Rejected("language", f"not English: {clip(clean)}")
    if not style.concludes and not SENTENCE_END.search(clean):
        raise Rejected("cut off", f"it ends with {clip(clean[-40:])!r}")


def repeated(words: Sequence[str]) -> list[str]:
    """Return a stretch of words that follows itself `REPEATS` times or more, [] if there is none; a word may be a loop by itself.

    >>> repeated("a very long row of very long very long very long very long things".split())
    ['very', 'long']
    """
    for word in words:
        if len(word) > LONGEST_WORD:
            return [word]
    for period in range(1, LONGEST_PERIOD + 1):
        same = 0  # words in a row that are equal to the one a period before
        for place in range(period, len(words)):
            same = same + 1 if words[place] == words[place - period] else 0
            if same >= (REPEATS - 1) * period and same + period >= LOOP_WORDS:
                return list(words[place - period + 1 : place + 1])
    return []


def has_form(text: str, styles: Sequence[Style]) -> bool:
    """Return whether a text that a model wrote has the form of a caption of one of the styles.

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
