"""Caption sets, the section `captions` of params.yaml: which captions exist, who writes them, and what is derived from what.

A set is a *style* written by an *author*, the captions of another set changed by a *control*, or two other sets *joined*:

    captions:
      reasoning: {style: reasoning, author: annotator}
      prose:     {derived: prose, of: reasoning}
      theirs:    {style: reasoning, author: published, table: captions.parquet}
      gold:      {style: cot, author: annotator, rounds: 2, faces: {part: A, count: 1200, balanced: true}}
      silver:    {style: cot, author: captioner, captioner: grpo-0, faces: {part: C}}
      all:       {joined: [gold, silver]}

Each set has a table, results/captions/<set>.parquet. Its column `style` holds the style, or the control of a derived set; rows of
joined sets keep theirs.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping
from typing import TypeAlias

from fasrepro import names
from fasrepro.captions.controls import CONTROLS
from fasrepro.captions.styles import REFRAMINGS, STYLES, Style, style_of, with_conclusion_yes
from fasrepro.datasets import TITLES
from fasrepro.rows.captions import Verdict

ANNOTATOR, PUBLISHED, CAPTIONER = "annotator", "published", "captioner"
# Who can write captions, and where that author is set up.
AUTHORS: dict[str, str] = {
    ANNOTATOR: "the language model that the section `annotator` of params.yaml names",
    PUBLISHED: "whoever published the table that the entry names: see `captions.published`",
    CAPTIONER: "a caption model that is trained here, which the entry names: see `captions.silver`",
}
# What Yes can mean in a conclusion.
MEANINGS: dict[str, Verdict] = {verdict.value: verdict for verdict in (Verdict.BONA_FIDE, Verdict.ATTACK)}


MAX_ROUNDS = 1 + len(REFRAMINGS)


class CaptionSetError(ValueError):
    """A caption set that cannot exist; the message names the set, the fault and the remedy."""


@dataclasses.dataclass(frozen=True, slots=True)
class FacesOfPart:
    """The faces of a set that is not about all train faces of the annotator's data sets.

    Args:
        part: of the people of the sources in the section `parts`: see `data.people_parts`.
        count: how many of their faces; 0 for all.
        balanced: whether they are chosen evenly over bona fide faces and kinds of attack: see `data.balanced`.
    """

    part: str
    count: int = 0
    balanced: bool = False


@dataclasses.dataclass(frozen=True, slots=True)
class Generation:
    """How a caption model writes. A face's text is drawn by the seed and the face alone.

    Args:
        temperature: of sampling; 0 for the most likely token each time.
        seed: of the draws.
        max_new_tokens: a longer text is cut, and then refused.
        batch_size: images at once.
        shard_size: faces whose texts are written as one file; a killed stage goes on after the last whole one.
    """

    temperature: float = 0.0
    seed: int = 0
    max_new_tokens: int = 256
    batch_size: int = 32
    shard_size: int = 256


@dataclasses.dataclass(frozen=True, slots=True)
class Acceptance:
    """Which texts are captions. `form`: those that `checks.accept` accepts; `label`: those whose verdict is the face's label."""

    form: bool = True
    label: bool = True


@dataclasses.dataclass(frozen=True, slots=True)
class CaptionSet:
    """One entry of the section `captions`: `style` and `author`, or `derived` and `of`, or `joined`.

    Args:
        style: the style the captions are written in, a key of `STYLES`.
        author: who writes them, a key of `AUTHORS`.
        derived: the control that makes them from another set's captions, a key of `CONTROLS`.
        of: the name of that other set.
        joined: the names of two sets about different faces, whose captions it holds.
        table: of published captions: a Parquet file, a folder, or a repository of the Hugging Face hub, "owner/name".
        config: of the table, if it is a `datasets` repository of several.
        revision: of the table, if it lies on the hub: a commit.
        conclusion_yes: what Yes means in its captions' conclusions, a key of `MEANINGS`; "" for what the style says.
        faces: that it is about; None for the train faces of the data sets in `annotator.datasets`.
        rounds: in how many rounds its annotator is asked, with one reply a round and another prompt in each: see
            `annotate.requests_for`. 0: each prompt until a reply is a caption.
        captioner: the caption model that writes them, by the name of its folder, such as grpo-0.
        accept: which of its texts are captions.
        generation: how it writes.
        beside: the set whose named cues its report has beside its own; "" for the first that the annotator writes in its style.
    """

    style: str = ""
    author: str = ""
    derived: str = ""
    of: str = ""
    table: str = ""
    config: str = ""
    revision: str = ""
    conclusion_yes: str = ""
    faces: FacesOfPart | None = None
    rounds: int = 0
    captioner: str = ""
    accept: Acceptance = dataclasses.field(default_factory=Acceptance)
    generation: Generation = dataclasses.field(default_factory=Generation)
    beside: str = ""
    joined: list[str] = dataclasses.field(default_factory=list)

    @property
    def parents(self) -> list[str]:
        """Return the sets that the captions are made from; none where an author writes them."""
        return [self.of] if self.derived else self.joined

    @property
    def is_derived(self) -> bool:
        """Return whether the set is made from other sets' captions."""
        return bool(self.parents)

    @property
    def lacks(self) -> str:
        """Return what a derived set lacks of those that it is made from."""
        return CONTROLS[self.derived].lacks if self.derived else "nothing: it holds the captions of both"

    @property
    def written_style(self) -> Style:
        """Return the style in which an author writes the captions. Raises `ValueError` for an unknown one."""
        style = style_of(self.style)
        if not self.conclusion_yes:
            return style
        return with_conclusion_yes(style, names.lookup(MEANINGS, self.conclusion_yes, "conclusion_yes", CaptionSetError))


@dataclasses.dataclass(frozen=True, slots=True)
class Silver:
    """What a stage needs to know beforehand of a set that a caption model writes: the model, and the set of `beside`."""

    captioner: str
    beside: str


Sets: TypeAlias = Mapping[str, CaptionSet]


def lookup(sets: Sets, name: str) -> CaptionSet:
    """Return a set by its name. Raises `CaptionSetError` that suggests the nearest name."""
    return names.lookup(sets, name, "caption set", CaptionSetError, "params.yaml: captions")


def written(sets: Sets) -> dict[str, CaptionSet]:
    """Return the sets that an author writes, by name."""
    return {name: entry for name, entry in sets.items() if not entry.is_derived}


def asked(sets: Sets) -> dict[str, CaptionSet]:
    """Return the sets that the annotator writes, by name."""
    return {name: entry for name, entry in written(sets).items() if entry.author == ANNOTATOR}


def silver(sets: Sets) -> dict[str, Silver]:
    """Return the sets that a caption model writes, by name. Raises `CaptionSetError` for one with no set beside it."""
    by_captioner = {name: entry for name, entry in written(sets).items() if entry.author == CAPTIONER}
    return {name: Silver(entry.captioner, _beside(sets, name)) for name, entry in by_captioner.items()}


def _beside(sets: Sets, name: str) -> str:
    """Return the set of the annotator's whose named cues a report has beside those of a caption model's set."""
    entry = sets[name]
    same = [other for other, theirs in asked(sets).items() if theirs.written_style.name == entry.written_style.name]
    if entry.beside:
        return names.lookup(
            {other: other for other in same}, entry.beside, "set of that style", CaptionSetError, f"{_where(name)}.beside"
        )
    if not same:
        raise CaptionSetError(
            f"{_where(name)}: the annotator writes no set of style {entry.written_style.name!r}, from which a caption model could"
            " learn: add one"
        )
    return same[0]


def derived(sets: Sets) -> dict[str, CaptionSet]:
    """Return the sets that are made from others, by name, each after those that it is made from."""
    return {name: sets[name] for name in derivation_order(sets) if sets[name].is_derived}


def without_absent(sets: Sets, cut: Collection[str], present: Collection[str]) -> tuple[dict[str, CaptionSet], list[str]]:
    """Return the sets that are about faces of data sets at hand, or derived from such, and a notice on each other one.

    Args:
        sets: all that there are.
        cut: data sets whose people are cut into parts: the section `parts`.
        present: data sets that are at hand.
    """
    absent = [TITLES[name] for name in cut if name not in present]
    notices = {}
    for name in sets:
        about_parts = any(sets[origin].faces is not None for origin in origins(sets, name))
        if about_parts and len(absent) == len(cut):
            why = f"its data sets are absent ({', '.join(absent)})" if absent else "`parts` of params.yaml names no data set"
            notices[name] = f"caption set {name} is skipped: {why}"
    return {name: entry for name, entry in sets.items() if name not in notices}, list(notices.values())


def derivation_order(sets: Sets) -> list[str]:
    """Return the names of all sets, each after those that it is made from.

    Raises:
        CaptionSetError: a set is derived from itself, directly or through others.

    >>> derivation_order({"b": CaptionSet(derived="shuffled", of="a"), "a": CaptionSet("reasoning", "annotator")})
    ['a', 'b']
    """
    ordered: list[str] = []
    for name in sets:
        ordered += [ancestor for ancestor in reversed(lineage(sets, name)) if ancestor not in ordered]
    return ordered


def lineage(sets: Sets, name: str, line: tuple[str, ...] = ()) -> list[str]:
    """Return the name of a set, and those that it is made from, directly or through others, each after what is made from it.

    Args:
        sets: all that there are.
        name: of the set.
        line: the sets that led to this one.

    Raises:
        CaptionSetError: a set in this line is unknown, or the line runs in a circle.
    """
    ancestors = [name]
    for parent in lookup(sets, name).parents:
        if parent in (*line, name):
            circle = " of ".join([*(*line, name)[(*line, name).index(parent) :], parent])
            raise CaptionSetError(
                f"{_where((*line, name)[0])}: derived from itself ({circle}); derive one of them from a written set"
            )
        if parent not in sets:
            key = "of" if sets[name].derived else "joined"
            raise CaptionSetError(f"{_where(name)}.{key}: {names.unknown(parent, sets, 'caption set')}")
        older = lineage(sets, parent, (*line, name))
        ancestors = [known for known in ancestors if known not in older] + older
    return ancestors


def origins(sets: Sets, name: str) -> list[str]:
    """Return the sets that an author writes among those that a set is made from; of such a set, itself."""
    return [ancestor for ancestor in lineage(sets, name) if not sets[ancestor].is_derived]


def reads_as(sets: Sets, name: str) -> str:
    """Return the style that a set's captions read as; "" for none, as a text of random words."""
    entry = lookup(sets, name)
    if entry.derived:
        return CONTROLS[entry.derived].reads_as
    return reads_as(sets, entry.joined[0]) if entry.joined else entry.written_style.name


def check(sets: Sets) -> None:
    """Raise `CaptionSetError` for the first set that cannot exist.

    Each set must have a known style and author, or a known control of a known set whose captions the control can read.
    """
    for name, entry in sets.items():
        _check_fields(name, entry)
    derivation_order(sets)
    for name, entry in sets.items():
        if entry.derived and reads_as(sets, entry.of) != CONTROLS[entry.derived].source:
            source = CONTROLS[entry.derived].source
            raise CaptionSetError(
                f"{_where(name)}: control {entry.derived!r} is made from captions of style {source!r},"
                f" and those of {entry.of!r} are not: name a set of that style in `of`"
            )
        styles = {parent: reads_as(sets, parent) for parent in entry.joined}
        if entry.joined and (len(set(styles.values())) > 1 or "" in styles.values()):
            said = ", ".join(f"those of {parent} of {style or 'none'}" for parent, style in styles.items())
            raise CaptionSetError(f"{_where(name)}.joined: join captions of one style, not {said}")


def check_mix(sets: Sets, mix: Collection[str], where: str) -> None:
    """Raise `CaptionSetError` where Yes means one thing in one set of a mix, and another thing in another set.

    Args:
        sets: all that there are.
        mix: names of those that a run is trained on.
        where: the run stands.
    """
    meanings: dict[Verdict, str] = {}
    for name in sorted(mix):
        style = STYLES.get(reads_as(sets, name))
        if style is not None and style.conclusion_yes is not None:
            meanings[style.conclusion_yes] = name
    if len(meanings) > 1:
        said = " and ".join(f"{verdict} in {name}" for verdict, name in meanings.items())
        raise CaptionSetError(f"{where}: Yes means {said}; give both sets the same `conclusion_yes`")


def _check_fields(name: str, entry: CaptionSet) -> None:
    ways = [(entry.style, entry.author), (entry.derived, entry.of), (entry.joined,)]
    if [any(way) for way in ways].count(True) != 1 or [all(way) for way in ways].count(True) != 1:
        raise CaptionSetError(f"{_where(name)}: give either `style` and `author`, or `derived` and `of`, or `joined`")
    if entry.joined and (len(entry.joined) != 2 or entry.joined[0] == entry.joined[1]):
        raise CaptionSetError(f"{_where(name)}.joined: name two sets; to join more, join one with sets that are joined")
    if entry.derived:
        names.lookup(CONTROLS, entry.derived, "control", CaptionSetError, f"{_where(name)}.derived")
    if entry.style:
        names.lookup(STYLES, entry.style, "style", CaptionSetError, f"{_where(name)}.style")
        names.lookup(AUTHORS, entry.author, "author", CaptionSetError, f"{_where(name)}.author")
    if entry.author == PUBLISHED and not entry.table:
        raise CaptionSetError(f"{_where(name)}: name the table of these published captions in `table`")
    if entry.author != PUBLISHED and (entry.table or entry.config or entry.revision):
        raise CaptionSetError(f"{_where(name)}: `table`, `config` and `revision` go with `author: {PUBLISHED}` alone")
    if entry.faces is not None and (entry.is_derived or entry.faces.count < 0):
        raise CaptionSetError(
            f"{_where(name)}.faces: a set that an author writes is about a part's people, and `count` is 0 or more"
        )
    if entry.rounds and (entry.author != ANNOTATOR or not 0 < entry.rounds <= MAX_ROUNDS):
        raise CaptionSetError(f"{_where(name)}.rounds: `author: {ANNOTATOR}` is asked in 1 to {MAX_ROUNDS} rounds, one a prompt")
    _check_captioner(name, entry)
    if entry.conclusion_yes:
        names.lookup(MEANINGS, entry.conclusion_yes, "meaning of Yes", CaptionSetError, f"{_where(name)}.conclusion_yes")
        if entry.is_derived or STYLES[entry.style].conclusion_yes is None:
            style = entry.style or entry.derived or "joined sets"
            raise CaptionSetError(
                f"{_where(name)}.conclusion_yes: leave it out: captions of {style!r} conclude without Yes or No"
            )


def _check_captioner(name: str, entry: CaptionSet) -> None:
    own = (entry.captioner, entry.accept, entry.generation, entry.beside)
    if entry.author != CAPTIONER:
        if own != ("", Acceptance(), Generation(), ""):
            raise CaptionSetError(
                f"{_where(name)}: `captioner`, `accept`, `generation` and `beside` go with `author: {CAPTIONER}` alone"
            )
        return
    if not entry.captioner or entry.faces is None:
        raise CaptionSetError(
            f"{_where(name)}: name the caption model in `captioner` and the people in `faces`, such as"
            " {captioner: grpo-0, faces: {part: C}}"
        )
    if not STYLES[entry.style].concludes:
        raise CaptionSetError(
            f"{_where(name)}.style: {entry.style!r} has no verdict, by which a caption model's texts are judged"
        )
    settings = entry.generation
    if settings.temperature < 0 or min(settings.max_new_tokens, settings.batch_size, settings.shard_size) < 1:
        raise CaptionSetError(
            f"{_where(name)}.generation: temperature is 0 or more; max_new_tokens, batch_size and shard_size are at least 1"
        )


def _where(name: str) -> str:
    return f"params.yaml: captions.{name}"
