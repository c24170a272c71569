"""What a published study would cost at its own size: dollars of an API, hours of GPUs, and disk, each with what it rests on.

The sizes and assumptions are in the section `plan` of a profile; the lengths of prompts and captions are measured on our own.
"""

from __future__ import annotations

import dataclasses
import statistics
from pathlib import Path
from typing import Any

from fasrepro import config, names
from fasrepro.captions.styles import STYLES
from fasrepro.commands import reproduce
from fasrepro.llm import pricing, store
from fasrepro.rows.faces import BONA_FIDE_SPECIES, Label

COT = STYLES["cot"]
MEASURED = 200  # chains and prompts whose length is measured
FULL, LORA, FORWARD = 6, 4, 2  # operations a parameter and token: trained, passed by gradients to an adapter, and only read
USUAL = f"{FULL} operations a parameter and token in training, {FORWARD} in reading: the usual count"
TRAINED_BYTES, LOGIT_BYTES = 16, 8
HOUR, GIGABYTE = 3600, 1e9


@dataclasses.dataclass(frozen=True, slots=True)
class Cost:
    """One line of the plan, and the lines that say what it rests on."""

    title: str
    amount: str
    rests_on: list[str]


@dataclasses.dataclass(frozen=True, slots=True)
class Plan:
    """The values of a profile's plan, and where each comes from; `where` names the file in messages."""

    where: str
    values: dict[str, Any]
    sources: dict[str, str]
    costs: str  # a key of `plan.COSTS`

    def entry(self, name: str) -> dict[str, Any]:
        """Return value and source of an entry. Raises `ConfigError` for one that is not there or lacks either."""
        entry = names.lookup(self.values, name, "value", config.ConfigError, self.where)
        if not isinstance(entry, dict) or entry.keys() != {"value", "from"}:
            raise config.ConfigError(f"{self.where}: {name}: must be {{value: ..., from: ...}}, not {entry!r}")
        names.lookup(self.sources, entry["from"], "source", config.ConfigError, f"{self.where}: {name}")
        return entry

    def number(self, name: str) -> float:
        """Return a value that must be a number above 0. Raises `ConfigError`."""
        value = self.entry(name)["value"]
        if isinstance(value, bool) or not isinstance(value, int | float) or not value > 0:
            raise config.ConfigError(f"{self.where}: {name}: must be a number above 0, not {value!r}")
        return float(value)

    def word(self, name: str) -> str:
        """Return a value as text."""
        return str(self.entry(name)["value"])

    def basis(self, *entries: str) -> list[str]:
        """Return a line for each source of some entries, with their values."""
        by_source: dict[str, list[str]] = {}
        for name in entries:
            entry = self.entry(name)
            by_source.setdefault(entry["from"], []).append(f"{name} {shown(entry['value'])}")
        return [f"{source}: {', '.join(values)}" for source, values in by_source.items()]


def shown(value: Any) -> str:
    """Return a value as people write it.

    >>> shown(100000), shown(1e-06), shown(3.12e14), shown("gpt-4o")
    ('100,000', '1e-06', '3.12e+14', 'gpt-4o')
    """
    if isinstance(value, int | float):
        return f"{value:,.10g}" if 0.01 <= value < 1e8 else f"{value:g}"
    return str(value)


def read_plan(path: Path) -> Plan:
    """Read the plan of a profile. Raises `ConfigError` for a profile without one."""
    profile = config.read_yaml(path)
    if reproduce.PLAN not in profile:
        raise config.ConfigError(
            f"{path}: has no section {reproduce.PLAN}: it can be run, so `fasrepro reproduce --profile {path.stem}` makes its"
            f" copy under .build/{path.stem}, and `fasrepro plan` there lists its stages"
        )
    section = profile[reproduce.PLAN]
    if not isinstance(section, dict) or section.keys() != {"costs", "sources", "values"}:
        raise config.ConfigError(f"{path}: {reproduce.PLAN}: must hold costs, sources and values, and nothing else")
    return Plan(f"{path}: {reproduce.PLAN}", section["values"], section["sources"], str(section["costs"]))


def costs(plan: Plan) -> list[Cost]:
    """Return the costs of paper 2's plan. Raises `ConfigError` for a missing value, and for an annotator without a price."""
    from fasrepro.simulation import typical_chains  # here, so that the other commands work without that package

    rows = typical_chains.write(MEASURED)
    texts = [text for _, text in rows]
    characters = statistics.mean(map(len, texts))
    prompts = [COT.system() + COT.aware_prompt(Label(species != BONA_FIDE_SPECIES), species) for species, _ in rows]
    question = statistics.mean(map(len, prompts))
    caption_tokens = pricing.text_tokens(round(characters))
    lengths = (
        f"a caption has {caption_tokens} tokens: {characters:.0f} characters, the mean of {MEASURED} simulated chains, at"
        f" {pricing.CHARACTERS_PER_TOKEN:g} characters a token; an annotator of another mind may write more"
    )
    return [
        *_api(plan, question, caption_tokens, lengths),
        *_gpus(plan, caption_tokens, lengths),
        *_disk(plan, texts),
    ]


def _api(plan: Plan, question: float, caption_tokens: int, lengths: str) -> list[Cost]:
    model, pixels = plan.word("annotator"), round(plan.number("annotator_pixels"))
    price, table = pricing.price_of(model), pricing.price_table()
    if price is None:
        raise config.ConfigError(f"{plan.where}: annotator: no price is known of {model!r}: add it to llm/{pricing.PRICES.name}")
    text_tokens = pricing.MESSAGE_TOKENS + pricing.text_tokens(round(question))
    image_tokens = pricing.image_tokens(price.image, pixels, pixels)
    requests = plan.number("gold_captions") + plan.number("asked_twice")
    tokens = (requests * (text_tokens + image_tokens), requests * caption_tokens)
    basis = [
        *plan.basis("gold_captions", "asked_twice", "annotator", "annotator_pixels"),
        f"a question has {text_tokens} tokens of text, the mean of {MEASURED} prompts of style cot, and {image_tokens} of image",
        lengths,
        f"${price.input:g} and ${price.output:g} for a million tokens of question and reply, {price.batch:g} of it in batches:"
        f" llm/{pricing.PRICES.name} of {table.checked:%Y-%m-%d}, {table.evidence}",
        "no reply is asked again for its form or a refusal: ours",
    ]
    amount = f"${price.cost(*tokens):,.0f} live, ${price.cost(*tokens, batch=True):,.0f} in batches"
    return [
        Cost("API, gold captions", f"{amount}; {requests:,.0f} requests", basis),
        Cost("People, gold captions", f"{plan.number('edited'):,.0f} to edit", plan.basis("edited")),
        Cost("API, silver captions", "$0", ["the caption model writes them: see its GPU-hours"]),
    ]


def _gpus(plan: Plan, caption_tokens: int, lengths: str) -> list[Cost]:
    number = plan.number
    speed = number("gpu_flops") * number("gpu_utilisation")
    read = number("image_tokens") + number("prompt_tokens")

    def hours(samples: float, operations: int, tokens: float) -> float:
        """Return GPU-hours to pass samples of so many tokens through the model at so many operations a parameter and token."""
        encoder = number("encoder_parameters") * number("encoder_tokens")
        return samples * operations * (number("parameters") * tokens + encoder) / speed / HOUR

    def generating(captions: float) -> float:
        return captions * caption_tokens / number("generated_tokens_per_s") / HOUR

    whole = read + caption_tokens
    completions = number("rl_steps") * number("rl_completions")
    images, seeds, epochs = number("silver_captions"), number("seeds"), number("epochs")
    sizes = ("parameters", "encoder_parameters", "encoder_tokens", "image_tokens", "prompt_tokens")
    sample = Cost(
        "An image with its caption, in training",
        f"{hours(1, FULL, whole) * HOUR:.3f} s of a GPU",
        [*plan.basis(*sizes, "gpu", "gpu_flops", "gpu_utilisation"), lengths, USUAL],
    )
    trained = ["an image with its caption: as above"]
    amounts = {
        "Caption model, on gold": (
            hours(number("gold_captions") * number("captioner_epochs"), FULL, whole),
            [*plan.basis("gold_captions", "captioner_epochs"), *trained],
        ),
        "Caption model, by reinforcement": (
            generating(completions) + hours(completions, FULL + FORWARD, whole),
            [*plan.basis("rl_steps", "rl_completions", "generated_tokens_per_s"), "one pass of a frozen reference", *trained],
        ),
        "Silver captions": (
            generating(images),
            [*plan.basis("silver_captions", "generated_tokens_per_s"), lengths],
        ),
        "Detector, first stage": (
            seeds * hours(images * epochs, FULL, whole),
            [*plan.basis("silver_captions", "epochs", "seeds"), "all parameters are trained on captions", *trained],
        ),
        "Detector, second stage": (
            seeds * (hours(images * epochs, LORA, whole) + hours(images * epochs, LORA, read + 1)),
            [
                *plan.basis("silver_captions", "epochs", "seeds", "lora_rank"),
                f"a caption and a label for each image; {LORA} operations a parameter and token, as the weights themselves have"
                " no gradient: ours",
                *trained,
            ],
        ),
    }
    lines = [Cost(title, f"{amount:,.0f} GPU-hours", basis) for title, (amount, basis) in amounts.items()]
    total = sum(amount for amount, _ in amounts.values())
    others = plan.basis("backbone", "image_size", "batch", "learning_rate", "weight_decay")
    return [
        sample,
        *lines,
        Cost("GPUs, together", f"{total:,.0f} GPU-hours", ["the five lines above; other settings of the paper:", *others]),
        memory(plan, number("parameters"), whole),
    ]


def memory(plan: Plan, trained: float, tokens: float) -> Cost:
    """Return the memory of each GPU in training, beside what it has.

    Args:
        plan: with sizes of the language model, of a batch on one GPU and of the GPU.
        trained: parameters that have gradients; the others are frozen and held in `bytes_per_parameter`.
        tokens: of a sample.
    """
    number = plan.number
    frozen = max(0.0, number("parameters") - trained) * number("bytes_per_parameter")
    states = trained * TRAINED_BYTES / number("gpus")
    sample = tokens * (number("layers") * number("width") * 2 + number("vocabulary") * LOGIT_BYTES)
    held = states + frozen + number("images_at_once") * sample
    return Cost(
        "Memory of each GPU, in training",
        f"{gigabytes(held)} of {number('gpu_memory') / GIGABYTE:,.0f} GB",
        [
            *plan.basis("gpus", "gpu_memory", "layers", "width", "vocabulary", "images_at_once", "bytes_per_parameter"),
            f"a trained parameter takes {TRAINED_BYTES} bytes, shared out over the GPUs: weight, gradient and two moments of"
            " AdamW in float32",
            f"of {tokens:,.0f} tokens a sample, the input of each layer is kept (gradient checkpointing, 2 bytes), and logits"
            f" with their gradients ({LOGIT_BYTES} bytes): ours; what the vision encoder's layers and a framework take for"
            " themselves is not counted",
        ],
    )


def _disk(plan: Plan, texts: list[str]) -> list[Cost]:
    number = plan.number
    line = statistics.mean(len(store.line_of(_record(text, plan.word("annotator")))) for text in texts)
    silver, gold = number("silver_captions"), number("gold_captions") + number("asked_twice")
    crops = silver * number("image_size") ** 2 * number("png_bytes_per_pixel")
    models = 2 + 2 * number("seeds")
    checkpoints = models * number("parameters") * number("bytes_per_parameter")
    stored = f"a reply takes {line:,.0f} bytes in the store: the mean of {MEASURED} lines with simulated chains"
    return [
        Cost("Disk, crops", gigabytes(crops), plan.basis("silver_captions", "image_size", "png_bytes_per_pixel")),
        Cost("Disk, gold replies", gigabytes(gold * line), [*plan.basis("gold_captions", "asked_twice"), stored]),
        Cost("Disk, silver replies", gigabytes(silver * line), [*plan.basis("silver_captions"), stored]),
        Cost(
            "Disk, checkpoints",
            gigabytes(checkpoints),
            [
                f"{models:.0f} whole models: the caption model before and after reinforcement, two stages a seed",
                *plan.basis("parameters", "bytes_per_parameter", "seeds"),
            ],
        ),
        Cost(
            "Disk, together", gigabytes(crops + (gold + silver) * line + checkpoints), ["the lines above, without the archives"]
        ),
    ]


def gigabytes(size: float) -> str:
    """Return a number of bytes in words."""
    return f"{size / GIGABYTE:,.1f} GB"


def _record(text: str, model: str) -> dict[str, Any]:
    """Return what the store keeps of a reply, as `client` and `batch` write it."""
    request = {"model": model, "prompt_version": COT.prompt_version(True), "image": "0" * 64, "seed": 1, "attempt": 0}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100}
    return {"key": "0" * 64, "request": request, "text": text, "finish_reason": "stop", "usage": usage, "served": model}


def lines(plan: Plan, priced: list[Cost]) -> list[str]:
    """Return the plan as text: a line for each cost, and indented below it what it rests on; the sources come last."""
    text = []
    for cost in priced:
        text += [f"{cost.title}: {cost.amount}", *(f"    {line}" for line in cost.rests_on)]
    return [*text, "Sources:", *(f"    {name}: {source}" for name, source in plan.sources.items())]
