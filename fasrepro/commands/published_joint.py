"""What paper 1 would cost with the licensed archives and a real backbone: dollars, GPU-hours, memory, disk, each with its basis.

Captions in two styles of every face, one joint training on each set of sources with each of two mixes of captions, and a reader
that is asked for the verdict of each explanation. The sizes are in the section `plan` of the profile `mcio`.
"""

from __future__ import annotations

from fasrepro import config
from fasrepro.captions.styles import STYLES
from fasrepro.commands.published_size import FORWARD, HOUR, LORA, Cost, Plan, gigabytes, memory
from fasrepro.llm import pricing
from fasrepro.rows.faces import Label

RUNS = 2  # vanilla captions alone, and half of them replaced by six steps
USES = 4  # source sets of each face: three of the four leave-one-out protocols, and all four data sets
SOURCE_SETS = 5  # the four leave-one-out protocols, and all four data sets
USUAL = f"{LORA} operations a parameter and token with adapters, as frozen weights have no gradient, {FORWARD} in reading: ours"


def costs(plan: Plan) -> list[Cost]:
    """Return the costs of paper 1's plan. Raises `ConfigError` for a missing value, and for a model without a price."""
    number = plan.number
    faces, outside = number("faces"), number("outside_faces")
    caption = pricing.text_tokens(round(number("reasoning_characters") + number("vanilla_characters"))) / 2
    tokens = number("image_tokens") + number("prompt_tokens") + caption
    lengths = [
        *plan.basis("reasoning_characters", "vanilla_characters"),
        f"a caption has {caption:.0f} tokens, the mean of both styles, at {pricing.CHARACTERS_PER_TOKEN:g} characters a token",
    ]
    explained = RUNS * (faces + SOURCE_SETS * outside)
    tested = (
        f"{explained:,.0f} explanations a seed: each face once by {RUNS} runs, those of the outside data set by"
        f" {SOURCE_SETS} trainings of each"
    )
    speed = number("gpu_flops") * number("gpu_utilisation")
    sample = (number("parameters") - number("encoder_parameters")) * tokens
    sample += number("encoder_parameters") * number("encoder_tokens")
    training = number("seeds") * RUNS * USES * faces * number("epochs") * LORA * sample / speed / HOUR
    generating = number("seeds") * explained * caption / number("generated_tokens_per_s") / HOUR
    machine = plan.basis("gpu", "gpu_flops", "gpu_utilisation", "parameters", "encoder_parameters", "encoder_tokens")
    trainings = SOURCE_SETS * RUNS * number("seeds")
    crops = (faces + outside) * number("image_size") ** 2 * number("png_bytes_per_pixel")
    checkpoints = trainings * number("trained_parameters") * 4
    return [
        _captions(plan, faces),
        _reader(plan, explained, caption, [tested, *lengths]),
        Cost(
            "Trainings",
            f"{training:,.1f} GPU-hours; {trainings:.0f} trainings",
            [
                *plan.basis("faces", "epochs", "seeds", "image_tokens", "prompt_tokens", "lora_rank", "learning_rate", "batch"),
                *machine,
                *lengths,
                USUAL,
            ],
        ),
        Cost("Explanations", f"{generating:,.1f} GPU-hours", [*plan.basis("seeds", "generated_tokens_per_s"), tested, *lengths]),
        Cost(
            "GPUs, together", f"{training + generating:,.1f} GPU-hours", ["the two lines above", *plan.basis("backbone", "gpu")]
        ),
        memory(plan, number("trained_parameters"), tokens),
        Cost(
            "Disk",
            gigabytes(crops + checkpoints),
            [
                f"crops {gigabytes(crops)}, checkpoints {gigabytes(checkpoints)}: {trainings:.0f} of what is trained, in float32;"
                " without the archives",
                *plan.basis("faces", "outside_faces", "image_size", "png_bytes_per_pixel", "trained_parameters"),
            ],
        ),
    ]


def _captions(plan: Plan, faces: float) -> Cost:
    """Return the price of a caption in each style of every face."""
    model, pixels = plan.word("annotator"), round(plan.number("annotator_pixels"))
    price = _price(plan, "annotator")
    image = pricing.image_tokens(price.image, pixels, pixels)
    question, reply = 0, 0
    for name in ("reasoning", "vanilla"):
        style = STYLES[name]
        words = style.system() + style.aware_prompt(Label.ATTACK, "print")
        question += pricing.MESSAGE_TOKENS + pricing.text_tokens(len(words)) + image
        reply += pricing.text_tokens(round(plan.number(f"{name}_characters")))
    tokens = faces * question, faces * reply
    return Cost(
        "API, captions",
        f"${price.cost(*tokens):,.0f} live, ${price.cost(*tokens, batch=True):,.0f} in batches; {2 * faces:,.0f} requests",
        [
            *plan.basis("faces", "annotator", "annotator_pixels", "reasoning_characters", "vanilla_characters"),
            f"questions of both styles have {question} tokens, {2 * image} of them of image; replies {reply}",
            _prices(model),
        ],
    )


def _reader(plan: Plan, explained: float, caption: float, basis: list[str]) -> Cost:
    """Return the price of a verdict on every explanation of all seeds."""
    price, asked = _price(plan, "reader"), plan.number("seeds") * explained
    tokens = asked * (pricing.MESSAGE_TOKENS + plan.number("reader_tokens") + caption), asked
    amount = f"${price.cost(*tokens):,.0f} live, ${price.cost(*tokens, batch=True):,.0f} in batches"
    return Cost(
        "API, reader",
        f"{amount}; {asked:,.0f} requests",
        [*plan.basis("reader", "reader_tokens", "seeds", "outside_faces"), *basis, _prices(plan.word("reader"))],
    )


def _price(plan: Plan, name: str) -> pricing.Price:
    price = pricing.price_of(plan.word(name))
    if price is None:
        raise config.ConfigError(
            f"{plan.where}: {name}: no price is known of {plan.word(name)!r}: add it to llm/{pricing.PRICES.name}"
        )
    return price


def _prices(model: str) -> str:
    table = pricing.price_table()
    return f"prices of {model}: llm/{pricing.PRICES.name} of {table.checked:%Y-%m-%d}, {table.evidence}"
