"""Caption models as data, the section `captioners` of params.yaml: supervised training on captions, and reinforcement learning.

    captioners:
      sft:       {seeds: [0, 1], recipe: {captions: {gold: 1.0}, phases: [...], learning_rates: [0.0005]}}
      sft_pool:  {seeds: [0], start: sft, recipe: {captions: {corrected: 1.0}}}
      grpo:      {seeds: [0], start: sft, reinforcement: {rewards: {format: 1.0, accuracy: 1.0}, ...}}
      rl_random: {seeds: [0], like: grpo, reinforcement: {rewards: {random: 1.0}}}

An entry with a `recipe` learns texts. One with a `reinforcement` learns from rewards of what it writes about faces of part B. One
with a `start` goes on from that entry's model of the same seed: a seed is a supervised training and what follows. An entry that
is `like` another takes its keys, except the seeds. Imports no torch: params.yaml and jobs.yaml are checked with it.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping
from typing import Any

from fasrepro import names, paths, schema
from fasrepro.rows.captions import Verdict
from fasrepro.training import recipe as recipes
from fasrepro.training.recipe import Recipe
from fasrepro.training.rewards import REWARDS
from fasrepro.training.texts import CHAIN, FORMS

# Texts of a start model about the faces of part B, which a model can learn in place of a caption set.
CORRECTED, ACCEPTED = "corrected", "accepted"
OWN: dict[str, str] = {
    CORRECTED: "its greedy chain with the right word in the conclusion, about more faces of the pool than rewards ask about",
    ACCEPTED: "a sampled chain whose conclusion is right: rejection sampling",
}
ENTRY_KEYS = ("like", "seeds", "start", "form", "recipe", "reinforcement")


class CaptionerError(ValueError):
    """A caption model that cannot be trained; the message names the entry, the key and the remedy."""


@dataclasses.dataclass(frozen=True)
class Reinforcement:
    """How a model learns from rewards: Group Relative Policy Optimization, by trl's `GRPOTrainer`.

    FaceCoT's settings were not found, nor that its method is this one (the rewards are those of Visual-RFT, which uses it).

    Args:
        rewards: weight of each reward, of `rewards.REWARDS`; a completion is worth their weighted sum.
        train: parts that change: of `recipe.WEIGHTS` and `recipe.ADAPTERS`, and the embeddings.
        group: completions about a face; they are compared with each other alone.
        faces: a step, so that a step has `group` times `faces` completions.
        steps: of the optimiser; the last one counts.
        temperature: of sampling. A small model keeps its form at 0.7 and loses it at 1.
        beta: weight of the divergence from the model that it started from; 0 for none (PA-FAS), 0.04 in VLM-R1.
        learning_rate: constant, after no warm-up.
        max_completion_tokens: a longer completion is cut, and is then worth what its rewards say of the stump.
        max_grad_norm: gradients are clipped to it.
        screened: completions a face by the start model before the first step, of which the share that is right decides how often
            the face is drawn: faces with mixed outcomes more often. 0 draws all faces equally often.
        micro_batches: in how many parts a step's gradient is computed, where the memory is short.
    """

    rewards: dict[str, float]
    train: list[str]
    group: int
    faces: int
    steps: int
    temperature: float
    beta: float
    learning_rate: float
    max_completion_tokens: int
    max_grad_norm: float
    screened: int = 0
    micro_batches: int = 1


@dataclasses.dataclass(frozen=True)
class Captioner:
    """One caption model with one seed, resolved.

    Args:
        seed: of the supervised training and of what follows it.
        start: the checkpoint that it goes on from: a folder, or that of the foundation for a model that begins there.
        gold: the caption set whose form it writes.
        conclusion_yes: what Yes means there: a value of `Verdict`.
        recipe: how it learns texts. With a reinforcement it is that of the supervised training before, of which the prompt and
            the backbone count.
        reinforcement: how it learns from rewards; None for a supervised training.
        form: of its texts, a key of `texts.FORMS`: that in which gold was learnt.
    """

    seed: int
    start: str
    gold: str
    conclusion_yes: str
    recipe: dict[str, Any]
    reinforcement: Reinforcement | None = None
    form: str = CHAIN


def name(entry: str, seed: int) -> str:
    """Return the name of a caption model, of its folder and of its stage.

    >>> name("grpo", 0)
    'grpo-0'
    """
    return f"{entry}-{seed}"


def entry_of(name: str) -> str:
    """Return the entry of params.yaml that a caption model's name begins with.

    >>> entry_of("rl_random-3")
    'rl_random'
    """
    return name.rpartition("-")[0]


def resolve(
    entries: Mapping[str, Mapping[str, Any]], training: Recipe, meanings: Mapping[str, Verdict | None]
) -> dict[str, Captioner]:
    """Return every caption model that has a seed, by name.

    Args:
        entries: the section `captioners` of params.yaml.
        training: the default recipe, over which an entry's is laid.
        meanings: the caption sets that an author writes, and what Yes means in their conclusions; None where they have none.

    Raises:
        CaptionerError: for an entry that cannot be trained.
        RecipeError: for a recipe that cannot be.
    """
    merged = {entry: _merged(entries, entry) for entry in entries}
    resolved: dict[str, Captioner] = {}
    for entry, keys in merged.items():
        _check_entry(entry, keys, merged, meanings)
        recipe = _recipe(entry, merged, training)
        root = merged[_root(entry, merged)]
        gold = next(iter(root["recipe"]["captions"]))
        settings = _reinforcement(entry, keys)
        for seed in keys["seeds"]:
            start = keys.get("start", "")
            if start and seed not in merged[start].get("seeds", []):
                raise CaptionerError(f"{_where(entry)}.seeds: {start}, which it starts from, has no seed {seed}: add it there")
            resolved[name(entry, seed)] = Captioner(
                seed=seed,
                start=str(paths.captioner(name(start, seed)) if start else paths.FOUNDATION),
                gold=gold,
                conclusion_yes=str(meanings[gold]),
                recipe=schema.plain(recipe),
                reinforcement=settings,
                form=root.get("form", CHAIN),
            )
    return resolved


def _merged(entries: Mapping[str, Mapping[str, Any]], entry: str) -> dict[str, Any]:
    """Return an entry's keys over those of the entry that it is like."""
    chain = [entry]
    while "like" in entries.get(chain[-1], {}):
        chain.append(entries[chain[-1]]["like"])
        if len(set(chain)) < len(chain):
            raise CaptionerError(f"{_where(entry)}: {' is like '.join(chain)}")
    merged: dict[str, Any] = {}
    for ancestor in reversed(chain):
        keys = names.lookup(entries, ancestor, "caption model", CaptionerError, f"{_where(entry)}.like")
        for key in keys:
            if key not in ENTRY_KEYS:
                raise CaptionerError(f"{_where(ancestor)}: {names.unknown(key, ENTRY_KEYS, 'key')}")
        reinforcement = {**merged.get("reinforcement", {}), **keys.get("reinforcement", {})}
        recipe = recipes.overlay(merged.get("recipe", {}), keys.get("recipe", {}))
        merged |= {key: value for key, value in keys.items() if key != "like"}
        merged |= {key: value for key, value in (("recipe", recipe), ("reinforcement", reinforcement)) if value}
    return merged | {"seeds": entries[entry].get("seeds", [])}


def _check_entry(
    entry: str, keys: Mapping[str, Any], merged: Mapping[str, Mapping[str, Any]], meanings: Mapping[str, Verdict | None]
) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_]+", entry):
        raise CaptionerError(f"{_where(entry)}: a name takes letters, digits and underscores only")
    if ("recipe" in keys) == ("reinforcement" in keys):
        raise CaptionerError(
            f"{_where(entry)}: give either a `recipe`, to learn texts, or a `reinforcement`, to learn from rewards"
        )
    if "start" in keys:
        names.lookup(merged, keys["start"], "caption model", CaptionerError, f"{_where(entry)}.start")
    if "reinforcement" in keys and "start" not in keys:
        raise CaptionerError(f"{_where(entry)}: `start` must name the caption model whose writing is rewarded")
    if "start" in keys and "form" in keys:
        raise CaptionerError(f"{_where(entry)}.form: leave it out; the form is that of {keys['start']}, which it starts from")
    names.lookup(FORMS, keys.get("form", CHAIN), "form", CaptionerError, f"{_where(entry)}.form")
    captions = keys.get("recipe", {}).get("captions", {})
    if "recipe" in keys and len(captions) != 1:
        raise CaptionerError(f"{_where(entry)}.recipe.captions: name one caption set, such as {{gold: 1.0}}, not {captions}")
    for caption_set in captions:
        if caption_set in OWN and "start" not in keys:
            raise CaptionerError(f"{_where(entry)}.recipe.captions: {caption_set} are texts of the model in `start`: name one")
        if caption_set in OWN or not keys["seeds"]:  # a profile that gives it seeds brings its caption set
            continue
        meaning = names.lookup(meanings, caption_set, "caption set", CaptionerError, f"{_where(entry)}.recipe.captions")
        if meaning is None:
            raise CaptionerError(
                f"{_where(entry)}.recipe.captions: {caption_set} concludes without Yes or No: name a set in tags"
            )


def _root(entry: str, merged: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the entry at which a line of starts begins. Raises `CaptionerError` for a line in a circle."""
    line = [entry]
    while "start" in merged[line[-1]]:
        start = merged[line[-1]]["start"]
        names.lookup(merged, start, "caption model", CaptionerError, f"{_where(line[-1])}.start")
        line.append(start)
        if line[-1] in line[:-1]:
            raise CaptionerError(f"{_where(entry)}: {' starts from '.join(line)}")
    return line[-1]


def _recipe(entry: str, merged: Mapping[str, Mapping[str, Any]], training: Recipe) -> Recipe:
    """Return the recipe by which an entry learns texts; of one that learns from rewards, that of its line's beginning."""
    own = entry if "recipe" in merged[entry] else _root(entry, merged)
    data = recipes.overlay(dataclasses.asdict(training), merged[own]["recipe"])
    recipe = schema.build(Recipe, data, f"{_where(own)}.recipe", CaptionerError)
    recipes.check(recipe, f"{_where(own)}.recipe")
    if len(recipe.phases) > 1:
        raise CaptionerError(
            f"{_where(own)}.recipe.phases: a caption model learns its texts in one phase, not {len(recipe.phases)}"
        )
    if len(recipe.learning_rates) > 1:
        raise CaptionerError(f"{_where(own)}.recipe.learning_rates: name one; no stage chooses among {recipe.learning_rates}")
    return recipe


def _reinforcement(entry: str, keys: Mapping[str, Any]) -> Reinforcement | None:
    """Return an entry's settings, checked; None for one that learns texts."""
    if "reinforcement" not in keys:
        return None
    where = f"{_where(entry)}.reinforcement"
    settings = schema.build(Reinforcement, keys["reinforcement"], where, CaptionerError)
    for reward, weight in settings.rewards.items():
        names.lookup(REWARDS, reward, "reward", CaptionerError, f"{where}.rewards")
        if weight <= 0:
            raise CaptionerError(f"{where}.rewards.{reward}: {weight} must be above 0; leave out a reward that is not to count")
    if not settings.rewards:
        raise CaptionerError(f"{where}.rewards: name at least one of {', '.join(REWARDS)}")
    parts = (*recipes.WEIGHTS, *recipes.ADAPTERS, "embeddings")
    for part in settings.train:
        if part not in parts:
            raise CaptionerError(f"{where}.train: {names.unknown(part, parts, 'part')}")
    if not settings.train:
        raise CaptionerError(f"{where}.train: name at least one of {', '.join(parts)}")
    if settings.group < 2:
        raise CaptionerError(f"{where}.group: {settings.group} completions cannot be compared with each other; give 2 or more")
    for key in ("faces", "steps", "max_completion_tokens", "micro_batches"):
        if getattr(settings, key) < 1:
            raise CaptionerError(f"{where}.{key}: must be at least 1")
    if settings.faces % settings.micro_batches:
        raise CaptionerError(
            f"{where}.micro_batches: {settings.faces} faces a step cannot be dealt out to {settings.micro_batches} parts"
        )
    if (
        min(settings.temperature, settings.learning_rate, settings.max_grad_norm) <= 0
        or settings.beta < 0
        or settings.screened < 0
    ):
        raise CaptionerError(
            f"{where}: temperature, learning_rate and max_grad_norm must be above 0, beta and screened at least 0"
        )
    return settings


def _where(entry: str) -> str:
    return f"params.yaml: captioners.{entry}"
