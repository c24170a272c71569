"""Controls: captions derived from another set's captions, each lacking one thing that a reasoning caption has.

No annotator is asked. A run on a control sees the same faces, and as many captions of about the same length, as a run on
reasoning captions: only what the control lacks can make the difference. A control that drops a tag has shorter captions, and a
share has fewer faces. The papers have no such controls.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence

from fasrepro import names, vocabulary
from fasrepro.captions.layouts import CONCLUSION, LAYOUTS, TAGS
from fasrepro.captions.styles import COT, OF_LABEL, STYLES, VERDICTS
from fasrepro.hashing import unit_hash
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label

Texts = Mapping[str, str]  # face_id -> caption
VERSION = 2  # of all controls; raised by hand when one of them changes its captions


class ControlError(ValueError):
    """A control that cannot be derived from these captions; the message names the face or the style, and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class Control:
    """One way to change captions.

    Args:
        source: the style of the captions that it is derived from.
        lacks: what of a reasoning caption, or of a chain in tags, is missing.
        make: (faces, captions by face_id) -> the control's captions by face_id; a share has none of the other faces.
        reads_as: the style that its captions still read as; "" for none.
    """

    source: str
    lacks: str
    make: Callable[[Sequence[Face], Texts], dict[str, str]]
    reads_as: str = ""


def partners(faces: Sequence[Face], name: str) -> dict[str, Face]:
    """Pair each face with another one of its data set and species, so that each face is the partner of exactly one.

    The partner is of another subject if no subject has more than half of the faces; else of another presentation, if the same
    holds of presentations. The pairs are a pure function of `name` and the faces.

    Raises:
        ControlError: a face is the only one of its data set and species.
    """
    strata: dict[tuple[str, str], list[Face]] = defaultdict(list)
    for face in faces:
        strata[face.dataset, face.species].append(face)
    partner_of: dict[str, Face] = {}
    for (dataset, species), members in strata.items():
        if len(members) == 1:
            raise ControlError(
                f"{members[0].face_id}: no other face of {species} in {dataset}, so its caption cannot be exchanged"
            )
        ordered = sorted(members, key=lambda f: [unit_hash(name, part) for part in (f.subject, f.presentation, f.face_id)])
        for group in (Counter(f.subject for f in members), Counter(f.presentation for f in members)):
            shift = max(group.values())  # equals are neighbours in `ordered`, so a face this far away differs
            if 2 * shift <= len(members):
                break
        else:
            shift = 1
        partner_of |= {face.face_id: ordered[(place + shift) % len(ordered)] for place, face in enumerate(ordered)}
    return partner_of


def _steps(texts: Texts, face: Face) -> list[str]:
    """Return the six parts of a reasoning caption, the sentence of the verdict still at the end of the last."""
    return STYLES["reasoning"].form.split(texts[face.face_id])


def _sentences(text: str) -> list[str]:
    return [sentence for sentence in re.split(r"(?<=[.!?])\s+", text) if sentence]


def prose(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own sentences without headings, in an order drawn by hash, the verdict last."""
    changed = {}
    for face in faces:
        verdict = VERDICTS[OF_LABEL[face.label]]
        body = [sentence for sentence in _sentences(" ".join(_steps(texts, face))) if sentence != verdict]
        order = sorted(range(len(body)), key=lambda place: unit_hash("prose", face.face_id, place))
        changed[face.face_id] = " ".join([*(body[place] for place in order), verdict])
    return changed


def shuffled(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return for each face the caption of another one of its data set and species (see `partners`)."""
    return {face_id: texts[other.face_id] for face_id, other in partners(faces, "shuffled").items()}


def random_words(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return for each face as many words as its caption has, drawn from the captions of its data set by their frequency.

    Other data sets are left out, so that no word of a target's captions reaches a training set.
    """
    pools: dict[str, list[str]] = defaultdict(list)
    for face in sorted(faces, key=lambda face: face.face_id):
        pools[face.dataset] += texts[face.face_id].split()
    changed = {}
    for face in faces:
        pool, length = pools[face.dataset], len(texts[face.face_id].split())
        draws = (unit_hash("random words", face.face_id, place) for place in range(length))
        changed[face.face_id] = " ".join(pool[int(draw * len(pool))] for draw in draws)
    return changed


def species_only(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's neutral caption with its species and verdict, and no sign of either.

    Sentences at the end of the neutral caption are dropped, so that the whole is no longer than before.
    """
    changed = {}
    for face in faces:
        conclusion = [f"It looks like {vocabulary.SPECIES[face.species]}.", VERDICTS[OF_LABEL[face.label]]]
        description, limit = _sentences(texts[face.face_id]), len(texts[face.face_id].split())
        while len(description) > 1 and len(" ".join([*description, *conclusion]).split()) > limit:
            description.pop()
        changed[face.face_id] = " ".join([*description, *conclusion])
    return changed


def wrong_cues(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own observation and judgment, with the steps of an attack of another family between them.

    The other attack is of the same data set if that has another family, so that words about the camera still fit. A bona fide
    face has no cue to exchange: it gets the steps of another bona fide face.

    Raises:
        ControlError: all attacks are of one family.
    """
    family = {species: name for name, members in vocabulary.FAMILIES.items() for species in members}
    attacks = sorted((face for face in faces if face.label is Label.ATTACK), key=lambda face: face.face_id)
    donors = partners([face for face in faces if face.label is Label.BONA_FIDE], "wrong cues")
    # (data set, family) -> the attacks of other families, of this data set if it has any
    strata: dict[tuple[str, str], list[Face]] = {}
    for face in attacks:
        place = face.dataset, family[face.species]
        if place not in strata:
            others = [other for other in attacks if family[other.species] != place[1]]
            strata[place] = [other for other in others if other.dataset == place[0]] or others
        if not strata[place]:
            raise ControlError(f"all attacks are of the family {place[1]!r}: there are no wrong cues to give them")
        donors[face.face_id] = strata[place][int(unit_hash("wrong cues", face.face_id) * len(strata[place]))]
    changed = {}
    for face in faces:
        first, *_, last = _steps(texts, face)
        between = _steps(texts, donors[face.face_id])[1:-1]
        headings = STYLES["reasoning"].headings
        changed[face.face_id] = LAYOUTS["headed"].write(headings, [first, *between, last])
    return changed


def _tags(texts: Texts, face: Face) -> list[str]:
    """Return what the six tags of a face's chain hold, the word of its conclusion last."""
    return COT.form.split(texts[face.face_id])


def reversed_chain(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own tags from the part to the whole picture, the conclusion still last."""
    titles = [*reversed(TAGS[:-1]), CONCLUSION]
    changed = {}
    for face in faces:
        *parts, conclusion = _tags(texts, face)
        changed[face.face_id] = LAYOUTS["tagged"].write(titles, [*reversed(parts), conclusion])
    return changed


def without_tag(tag: str, faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's own chain without one of its tags, which is any but the conclusion."""
    place = TAGS[:-1].index(tag)
    titles = [title for title in TAGS if title != tag]
    changed = {}
    for face in faces:
        parts = _tags(texts, face)
        changed[face.face_id] = LAYOUTS["tagged"].write(titles, parts[:place] + parts[place + 1 :])
    return changed


def random_chain(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's tags with as many words as they hold, drawn from the tags of its data set; the conclusion stays.

    Words of conclusions are not drawn.
    """
    bodies = {face.face_id: _tags(texts, face)[:-1] for face in faces}
    pools: dict[str, list[str]] = defaultdict(list)
    for face in sorted(faces, key=lambda face: face.face_id):
        pools[face.dataset] += " ".join(bodies[face.face_id]).split()
    changed = {}
    for face in faces:
        pool, parts = pools[face.dataset], []
        for tag, body in zip(TAGS[:-1], bodies[face.face_id], strict=True):
            draws = [unit_hash("random chain", face.face_id, tag, place) for place in range(len(body.split()))]
            parts.append(" ".join(pool[int(draw * len(pool))] for draw in draws))
        changed[face.face_id] = COT.form.write(parts, OF_LABEL[face.label])
    return changed


def neutral_chain(faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return each face's neutral caption, dealt in its order over the five tags before the conclusion, with the true conclusion.

    A caption of fewer sentences than tags is dealt by words.
    """
    count = len(TAGS) - 1
    changed = {}
    for face in faces:
        pieces = _sentences(texts[face.face_id])
        if len(pieces) < count:
            pieces = texts[face.face_id].split()
        bounds = [len(pieces) * place // count for place in range(count + 1)]
        parts = [" ".join(pieces[start:end]) for start, end in itertools.pairwise(bounds)]
        changed[face.face_id] = COT.form.write(parts, OF_LABEL[face.label])
    return changed


def share_of(share: float, faces: Sequence[Face], texts: Texts) -> dict[str, str]:
    """Return the captions of a share of the faces, with every data set and species in its proportion as far as faces go.

    All shares are beginnings of one order, drawn by hash, so a smaller one lies in each larger one.
    """
    strata: dict[tuple[str, str], list[Face]] = defaultdict(list)
    for face in faces:
        strata[face.dataset, face.species].append(face)
    draw = {face.face_id: unit_hash("share", face.face_id) for face in faces}
    place: dict[str, float] = {}  # of a face in its data set and species, from 0 to 1
    for members in strata.values():
        ordered = sorted(members, key=lambda face: draw[face.face_id])
        place |= {face.face_id: (rank + 0.5) / len(ordered) for rank, face in enumerate(ordered)}
    in_order = sorted(place, key=lambda face_id: (place[face_id], draw[face_id]))
    return {face_id: texts[face_id] for face_id in in_order[: max(1, round(share * len(in_order)))]}


def _dropped(tag: str) -> Control:
    return Control("cot", f"the tag {tag}", functools.partial(without_tag, tag))


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
    "exchanged": Control("cot", "what is seen in this image: the chain of another image of the same species", shuffled, "cot"),
    "reversed": Control("cot", "the way from the whole picture to the part: the same tags in the other order", reversed_chain),
    "no_caption": _dropped("Caption"),
    "no_facial_description": _dropped("Facial Description"),
    "no_facial_attributes": _dropped("Facial Attributes"),
    "no_reasoning": _dropped("Reasoning"),
    "no_spoofing_description": _dropped("Spoofing Description"),
    "random_chain": Control(
        "cot", "all meaning but the conclusion's: as many words in each tag, drawn at random", random_chain, "cot"
    ),
    "neutral_chain": Control("neutral", "all cues: a neutral description in the tags, and the conclusion", neutral_chain, "cot"),
    "share_5": Control("cot", "95 in 100 of the faces", functools.partial(share_of, 0.05), "cot"),
    "share_25": Control("cot", "75 in 100 of the faces", functools.partial(share_of, 0.25), "cot"),
}


def control_of(name: str) -> Control:
    """Return a control by its name. Raises `ValueError` that suggests the nearest name."""
    return names.lookup(CONTROLS, name, "control")


def derive(name: str, faces: Iterable[Face], captions: Sequence[Caption]) -> list[Caption]:
    """Return the captions of a control: one for each of `captions`, or of a share of them, in their order.

    `captions` are of the control's source.

    They keep the model and the key of the source, so that each can be traced to a reply.

    Raises:
        ControlError: the verdict of a source caption is not the label, as a label-blind annotator's may be. A control states the
            true verdict, so it cannot be derived from such captions.
    """
    control, by_id = control_of(name), {face.face_id: face for face in faces}
    for caption in captions if STYLES[control.source].concludes else ():
        if caption.verdict != OF_LABEL[by_id[caption.face_id].label]:
            raise ControlError(
                f"{caption.face_id}: the verdict of its {control.source} caption is not its label: {name} needs"
                " annotator.label_aware true"
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
        if caption.face_id in texts
    ]


def _verdict(text: str, label: Label) -> Verdict:
    """Return the label's verdict if the text ends with it, in a sentence or in a conclusion, else undecided."""
    verdict = OF_LABEL[label]
    conclusion = LAYOUTS["tagged"].write([CONCLUSION], [COT.form.verdicts[verdict]])
    return verdict if text.endswith((VERDICTS[verdict], conclusion)) else Verdict.UNDECIDED


def join(captions_by_set: Mapping[str, Sequence[Caption]]) -> list[Caption]:
    """Return the captions of several sets as those of one, set after set. Raises `ControlError` for a face that is in two."""
    set_of: dict[str, str] = {}
    for name, captions in captions_by_set.items():
        both = [caption.face_id for caption in captions if caption.face_id in set_of]
        if both:
            raise ControlError(
                f"{both[0]}: it has a caption in {set_of[both[0]]} and in {name}, as have {len(both)} faces in all:"
                " join sets about different faces, such as those of two parts"
            )
        set_of |= {caption.face_id: name for caption in captions}
    return [caption for captions in captions_by_set.values() for caption in captions]
