"""Controls: captions made from annotated ones, each without one thing that a reasoning caption has.

They ask nothing of an annotator. A run on one of them sees the same faces, as many captions and as many steps as a run on
reasoning captions, of about their length; what it learns less of is what the control lacks. The papers have none of these.
"""

from __future__ import annotations

import dataclasses
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from fasrepro import names, vocabulary
from fasrepro.captions import checks
from fasrepro.captions.styles import OF_LABEL, STYLES, VERDICTS
from fasrepro.hashing import unit_hash
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label

Texts = Mapping[str, str]  # face_id -> caption
VERSION = 2  # of what all controls do; a change of one makes other captions


class ControlError(ValueError):
    """A control that cannot be made of these captions; the message names the face or the style, and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """`make` turns the captions of the style `source` into the control's; `lacks` says what of reasoning is not in them.

    `form` is the style whose form the control's captions still have, "" if none.
    """

    source: str
    lacks: str
    make: Callable[[Sequence[Face], Texts], dict[str, str]]
    form: str = ""


def partners(faces: Sequence[Face], name: str) -> dict[str, Face]:
    """Return for each face another one of its data set and species, so that each is the partner of one.

    Of another subject if the most frequent subject has at most half of the faces, else of another presentation if that goes.
    Which one is a pure function of `name` and the faces. Raises `ControlError` for a face that is alone.
    """
    strata: dict[tuple[str, str], list[Face]] = defaultdict(list)
    for face in faces:
        strata[face.dataset, face.species].append(face)
    found: dict[str, Face] = {}
    for (dataset, species), members in strata.items():
        if len(members) == 1:
            raise ControlError(
                f"{members[0].face_id}: no other face of {species} in {dataset}, so its caption cannot be exchanged"
            )
        ordered = sorted(members, key=lambda f: [unit_hash(name, part) for part in (f.subject, f.presentation, f.face_id)])
        for group in (Counter(f.subject for f in members), Counter(f.presentation for f in members)):
            shift = max(group.values())  # equal ones stand together, so whoever is this far off is another
            if 2 * shift <= len(members):
                break
        else:
            shift = 1
        found |= {face.face_id: ordered[(place + shift) % len(ordered)] for place, face in enumerate(ordered)}
    return found


def _steps(texts: Texts, face: Face) -> list[str]:
    """Return the texts of a reasoning caption's six steps, the verdict's sentence at the end of the last."""
    return checks.steps(STYLES["reasoning"], texts[face.face_id])


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]


def prose(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own sentences without headings, in an order drawn by hash, the verdict's last."""
    made = {}
    for face in faces:
        verdict = VERDICTS[OF_LABEL[face.label]]
        body = [sentence for sentence in _sentences(" ".join(_steps(texts, face))) if sentence != verdict]
        order = sorted(range(len(body)), key=lambda place: unit_hash("prose", face.face_id, place))
        made[face.face_id] = " ".join([*(body[place] for place in order), verdict])
    return made


def shuffled(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return for each face the caption of another one of its data set and species (see `partners`)."""
    return {face_id: texts[other.face_id] for face_id, other in partners(faces, "shuffled").items()}


def random_words(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return for each face as many words as its caption has, drawn from its data set's captions as often as they stand there.

    Of its own data set, so that no word of a target's captions reaches a training set.
    """
    pools: dict[str, list[str]] = defaultdict(list)
    for face in sorted(faces, key=lambda face: face.face_id):
        pools[face.dataset] += texts[face.face_id].split()
    made = {}
    for face in faces:
        pool, length = pools[face.dataset], len(texts[face.face_id].split())
        draws = (unit_hash("random words", face.face_id, place) for place in range(length))
        made[face.face_id] = " ".join(pool[int(draw * len(pool))] for draw in draws)
    return made


def species_only(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's neutral caption, what it is and its verdict: the label and the species, and no sign of either.

    Sentences at the neutral caption's end make room, so that the whole is no longer than it was.
    """
    made = {}
    for face in faces:
        told = [f"It looks like {vocabulary.SPECIES[face.species]}.", VERDICTS[OF_LABEL[face.label]]]
        kept, limit = _sentences(texts[face.face_id]), len(texts[face.face_id].split())
        while len(kept) > 1 and len(" ".join([*kept, *told]).split()) > limit:
            kept.pop()
        made[face.face_id] = " ".join([*kept, *told])
    return made


def wrong_cues(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own observation and judgment, and between them the steps of an attack of another family.

    Of the same data set where it has another family, so that the camera's words are not what is wrong. A bona fide face shows no
    cue that could be exchanged: its steps are those of another bona fide face. Raises `ControlError` where all attacks are of one
    family.
    """
    family = {species: name for name, members in vocabulary.FAMILIES.items() for species in members}
    attacks = sorted((face for face in faces if face.label is Label.ATTACK), key=lambda face: face.face_id)
    given = partners([face for face in faces if face.label is Label.BONA_FIDE], "wrong cues")
    # (data set, family) -> the attacks of another family, of this data set if it has any
    strata: dict[tuple[str, str], list[Face]] = {}
    for face in attacks:
        place = face.dataset, family[face.species]
        if place not in strata:
            others = [other for other in attacks if family[other.species] != place[1]]
            strata[place] = [other for other in others if other.dataset == place[0]] or others
        if not strata[place]:
            raise ControlError(f"all attacks are of the family {place[1]!r}: there are no wrong cues to give them")
        given[face.face_id] = strata[place][int(unit_hash("wrong cues", face.face_id) * len(strata[place]))]
    made = {}
    for face in faces:
        first, *_, last = _steps(texts, face)
        between = _steps(texts, given[face.face_id])[1:-1]
        headings = STYLES["reasoning"].headings
        made[face.face_id] = "\n".join(f"{title}: {part}" for title, part in zip(headings, [first, *between, last], strict=True))
    return made


CONTROLS: dict[str, Control] = {
    "prose": Control("reasoning", "the six steps: the same sentences, in any order, without headings", prose),
    "shuffled": Control(
        "reasoning", "what is seen in this image: the caption of another image of the same species", shuffled, "reasoning"
    ),
    "wrong_cues": Control(
        "reasoning", "the right cues: those of another kind of attack, under the true verdict", wrong_cues, "reasoning"
    ),
    "species_only": Control("neutral", "all cues: a neutral description, the species and the verdict", species_only),
    "random_words": Control("reasoning", "all meaning: as many words, drawn at random", random_words),
}


def control_of(name: str) -> Control:
    """Return a control by its name. Raises `ValueError` that lists the known ones."""
    return names.lookup(CONTROLS, name, "control")


def words_of(name: str) -> tuple[str, str]:
    """Return what style a control is made of, and what it lacks."""
    control = control_of(name)
    return control.source, control.lacks


def derive(name: str, faces: Iterable[Face], captions: Sequence[Caption]) -> list[Caption]:
    """Return the captions of a control: one for each of `captions`, which are those of its source, in their order.

    What is made keeps the source's model and key, so that it can be walked back to the reply. Raises `ControlError` where the
    source's verdict is not the face's label, as a label-blind annotator's may be: a control gives the true verdict.
    """
    control, by_id = control_of(name), {face.face_id: face for face in faces}
    concluded = captions if STYLES[control.source].concludes else []
    wrong = [caption.face_id for caption in concluded if caption.verdict != OF_LABEL[by_id[caption.face_id].label]]
    if wrong:
        raise ControlError(
            f"{wrong[0]}: the verdict of its {control.source} caption is not its label: {name} needs annotator.label_aware true"
        )
    texts = control.make([by_id[caption.face_id] for caption in captions], {c.face_id: c.text for c in captions})
    return [
        dataclasses.replace(
            caption,
            style=name,
            text=texts[caption.face_id],
            verdict=_verdict(texts[caption.face_id], by_id[caption.face_id].label),
            prompt_version=f"{name}-{VERSION}-of-{caption.prompt_version}",
        )
        for caption in captions
    ]


def _verdict(text: str, label: Label) -> Verdict:
    """Return the verdict that a control gives: the label's, or none where it does not end with one."""
    return OF_LABEL[label] if text.endswith(VERDICTS[OF_LABEL[label]]) else Verdict.UNDECIDED
