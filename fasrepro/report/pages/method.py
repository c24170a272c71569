"""The page on the method: the loss, the runs and their recipe, the backbone, and how learning rates were chosen."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.evaluation.results import Metrics
from fasrepro.report import markdown, tables
from fasrepro.report.markdown import escape
from fasrepro.report.material import Material, Needs

NEEDS = Needs(
    inputs=("metrics",),
    params=("training", "foundation", "runs", "tuning", "index", "evaluation"),
)
EMBEDDED_BACKBONE = "results/foundation"
# Losses in the formula, by their name in a phase.
LOSSES = {"head": "L_\\mathrm{cls}", "caption": "L_\\mathrm{cap}", "answer": "L_\\mathrm{ans}"}
PROMPTS = {"prompt": "the prompt", "answer_prompt": "the label question"}
OWN_COLUMNS = ("like", "captions", "learning_rates", *PROMPTS)  # keys of a run that stand elsewhere
MAIN_RUNS = {"paper 1": "reasoning", "paper 2": "cepl"}
SCORES = {
    "head": "the head's probability of an attack",
    "answer": "the probability of No at the first token of the label question",
}
RATE_COLUMNS = ("run", "learning rate", "selected", "dev AUC", "HTER on the target, dev threshold", "AUC on the target")


def render(material: Material) -> dict[str, str]:
    """Return the page's fragments."""
    params = material.params
    return {
        "formula": formula(params.training.phases),
        "papers": papers_table(params.training, params.runs),
        "runs": run_table(params.training, params.runs),
        "recipe": recipe_table(params.training),
        "learning_rates": learning_rates(material.metrics, material.runs, params.tuning),
        "backbone": backbone(params.training.backbone, params.foundation),
    }


def formula(phases: Sequence[Any]) -> str:
    """Return the loss of each phase as a formula with its weights."""
    lines = []
    for phase in phases:
        terms = " + ".join(f"{weight:g}\\, {LOSSES[name]}" for name, weight in phase.losses.items())
        name = "L" if len(phases) == 1 else f"L_\\text{{{phase.name}}}"
        lines.append(f"$$\n{name} = {terms}\n$$\n")
    return "\n".join(lines)


def papers_table(training: Any, runs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the main run of each paper side by side: what is shown, trained, in which stages, and what is its score."""
    main = {paper: run for paper, run in MAIN_RUNS.items() if run in runs}
    default = _default_phases(training)
    recipes = [{**dataclasses.asdict(training), **merged_override(run, runs)} for run in main.values()]
    phases = [list(phases_of(run, runs, default).values()) for run in main.values()]
    rows = [("captions", *(_captions(recipe["captions"]) for recipe in recipes))]
    for number in range(max(map(len, phases), default=0)):
        cells = [_stage(of_run[number]) if number < len(of_run) else tables.NONE for of_run in phases]
        rows.append((f"stage {number + 1}", *cells))
    rows.append(("score", *(SCORES[recipe["score_by"]] for recipe in recipes)))
    rows.append(("faces a step", *(recipe["batch_size"] for recipe in recipes)))
    rows.append(("learning rates", *(", ".join(map(str, recipe["learning_rates"])) for recipe in recipes)))
    rows.append(("adapters' rank", *(recipe["lora"]["rank"] for recipe in recipes)))
    return markdown.table(("", *(f"{paper}: {run}" for paper, run in main.items())), rows)


def _default_phases(training: Any) -> dict[str, dict[str, Any]]:
    return {phase.name: dataclasses.asdict(phase) for phase in training.phases}


def _captions(shares: Mapping[str, float]) -> str:
    return ", ".join(f"{share:.0%} {captions}" for captions, share in shares.items()) or "none: labels alone"


def _stage(phase: Mapping[str, Any]) -> str:
    """Return what a stage resets, trains and weighs, and its steps."""
    reset = f"{' and '.join(phase['reset'])} begin anew; " if phase.get("reset") else ""
    weights = " and ".join(f"{weight:g} {loss}" for loss, weight in phase["losses"].items())
    return f"{phase['name']}: {reset}trains {', '.join(phase['train'])}; loss {weights}; {phase['steps']} steps"


def run_table(training: Any, runs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the table of runs, with the captions that each trains on and its other changes, and the prompts of their own.

    A run that is like another has its changes to that one; any other has those to the default recipe.
    """
    default = _default_phases(training)
    rows = []
    for name, override in runs.items():
        mix = _captions(merged_override(name, runs).get("captions", training.captions))
        like = override.get("like")
        base = phases_of(like, runs, default) if like else default
        changes = [f"as {like}"] if like else []
        changes += [text for key, value in override.items() if key not in OWN_COLUMNS for text in _changes(key, value, base)]
        rows.append((name, mix, ", ".join(changes) or "nothing"))
    return markdown.table(("run", "captions", "other changes"), rows) + prompts(runs)


def prompts(runs: Mapping[str, Mapping[str, Any]]) -> str:
    """Return each prompt that runs name, once, with the runs that name it; runs like them have it too."""
    by_prompt: dict[tuple[str, str], list[str]] = {}
    for name, override in runs.items():
        for key in PROMPTS:
            if key in override:
                by_prompt.setdefault((key, override[key]), []).append(name)
    lines = [f"- {PROMPTS[key]} of {', '.join(names)}: *{escape(text)}*\n" for (key, text), names in by_prompt.items()]
    return "\nPrompts of their own, also of the runs like them:\n\n" + "".join(lines) if lines else ""


def phases_of(name: str, runs: Mapping[str, Mapping[str, Any]], default: Mapping[str, Any]) -> dict[str, Any]:
    """Return a run's phases by name, as `recipe.overlay` lays them over each other."""
    like = runs[name].get("like")
    base = phases_of(like, runs, default) if like else dict(default)
    listed = {phase["name"]: phase for phase in runs[name].get("phases", ())}
    if not listed:
        return base
    return {own: {**base.get(own, {}), **phase} for own, phase in listed.items()}


def merged_override(name: str, runs: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return what a run changes, with what the runs that it is `like` change."""
    override = dict(runs[name])
    like = override.pop("like", None)
    return {**merged_override(like, runs), **override} if like else override


def _changes(key: str, value: Any, base: Mapping[str, Any]) -> list[str]:
    """Return the change of one key of a recipe in words; `base` are the phases of the recipe that it changes, by name."""
    if key == "phases":
        changes = [text for phase in value for text in _phase_changes(phase, base.get(phase["name"]))]
        kept = {phase["name"] for phase in value}
        return changes + [f"without {name}" for name in base if kept & base.keys() and name not in kept]
    if isinstance(value, Mapping):
        return [f"{key} {part}: {_text(item)}" for part, item in value.items()]
    return [f"{key}: {_text(value)}"]


def _phase_changes(phase: Mapping[str, Any], base: Mapping[str, Any] | None) -> list[str]:
    """Return what a phase changes of the one of its name; of a new phase, all that it names."""
    name, changes = phase["name"], []
    for part, item in phase.items():
        if part == "train" and base is not None:
            changes += [f"{name} does not train {left}" for left in base["train"] if left not in item]
            changes += [f"{name} also trains {added}" for added in item if added not in base["train"]]
        elif part != "name" and (base is None or base.get(part) != item):
            changes.append(f"{name} {part}: {_text(item)}")
    return changes


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return " and ".join(f"{item:g} {key}" if isinstance(item, float) else f"{key} {item}" for key, item in value.items())
    return (" + ".join(map(str, value)) or "none") if isinstance(value, (list, tuple)) else str(value)


def recipe_table(training: Any) -> str:
    """Return the table of the default recipe's values, but the captions and the prompts."""
    omitted = {"captions", "prompt", "answer_prompt", "name"}
    if not training.answer_prompt:
        omitted |= {"answer_yes", "row_tasks"}
    rows: list[tuple[str, str]] = []
    for key, value in dataclasses.asdict(training).items():
        if key in omitted:
            continue
        if key == "phases":
            for phase in value:
                shown = {part: item for part, item in phase.items() if item and part not in omitted}
                rows += [(f"{phase['name']}: {part}", _text(item)) for part, item in shown.items()]
        elif isinstance(value, Mapping):
            rows += [(f"{key}: {part}", _text(item)) for part, item in value.items()]
        else:
            rows.append((key, ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)))
    return markdown.table(("parameter", "value"), rows)


def backbone(checkpoint: str, shape: Any) -> str:
    """Return what the backbone is; `shape` is params' foundation."""
    if checkpoint != EMBEDDED_BACKBONE:
        return f"- **The backbone** is {escape(checkpoint)}. The paper does not name its own **[2]**.\n"
    return (
        f"- **The backbone is tiny**: a model of SmolVLM's architecture with {shape.vision_layers} vision and"
        f" {shape.text_layers} language layers of width {shape.hidden_size}, pretrained here on neutral descriptions of"
        f" {shape.faces} bona fide faces and {shape.stills} stills without a face: first its vision encoder on their words, as"
        " SuperClass does (Huang et al., NeurIPS 2024), then the rest on the descriptions. Its weights have seen no word of"
        " spoofing, and no face on a medium. [](foundation.md) shows which cues it can see. Its tokenizer was also trained on the"
        " words of the cues, which any tokenizer knows. The paper does not name its backbone **[2]**.\n"
    )


def learning_rates(metrics: Metrics, runs: Sequence[str], settings: Any) -> str:
    """Return the table of learning rates: what each run chose from, on dev, and the result of each rate on the target.

    `settings` is params' tuning: `like` maps a run to the one whose rate it takes, and dev cannot distinguish rates whose AUC
    differ by at most `saturation`.
    """
    tuning, trained = metrics.tuning, {cell.run for cell in metrics.cells.values()}
    rows = []
    for run in sorted(tuning, key=runs.index):
        report = tuning[run]
        rates: dict[str, Any] = dict(report.rates) or {f"{report.chosen:g}": None}
        for rate, figures in sorted(rates.items(), key=lambda item: float(item[0])):
            selected = "selected" if float(rate) == report.chosen else ""
            cells = [tables.number(getattr(figures, name, None)) for name in ("dev_auc", "hter_dev", "auc")]
            rows.append([run, rate, selected, *cells])
    if not rows:
        return tables.NO_RESULTS
    protocols = sorted({report.protocol for report in tuning.values()})
    sentences = [f"Selected on the dev videos of {', '.join(protocols)}, with one seed."]
    saturated = [run for run, report in tuning.items() if report.saturated]
    if saturated:
        sentences.append(
            f"For {', '.join(saturated)} the dev AUCs of all rates differ by at most {settings.saturation:g}: dev cannot"
            " distinguish them."
        )
    borrowers = sorted(run for run, other in settings.like.items() if other in tuning and run in trained)
    if borrowers:
        lenders = sorted({settings.like[run] for run in borrowers})
        sentences.append(f"{', '.join(borrowers)} take the rate of {', '.join(lenders)}.")
    return f"{' '.join(sentences)}\n\n{markdown.table(RATE_COLUMNS, rows)}"
