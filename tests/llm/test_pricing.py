from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from fasrepro.llm import pricing
from fasrepro.llm.types import ChatRequest

TILES = {"tiles": {"base": 85, "tile": 170}}
PATCHES = {"patches": {"multiplier": 1.0, "most": 1536}}


@pytest.mark.parametrize(
    ("rule", "width", "height", "tokens"),
    [
        (TILES, 1024, 1024, 765),  # the provider's own examples: scaled to 768 x 768, four squares
        (TILES, 2048, 4096, 1105),  # to 1024 x 2048, then 768 x 1536: six squares
        (TILES, 80, 80, 255),  # never scaled up: one square
        (PATCHES, 1024, 1024, 1024),  # the provider's own examples
        (PATCHES, 1800, 2400, 1452),
        (PATCHES, 79, 79, 9),
        ({"patches": {"multiplier": 1.62, "most": 1536}}, 1024, 1024, 1659),
        ({"fixed": 7}, 10, 10, 7),
    ],
)
def test_image_tokens_follow_the_published_rules(rule: dict[str, object], width: int, height: int, tokens: int) -> None:
    assert pricing.image_tokens(rule, width, height) == tokens


@given(st.integers(1, 9000), st.integers(1, 9000))
def test_patches_never_exceed_their_maximum(width: int, height: int) -> None:
    assert 1 <= pricing.image_tokens(PATCHES, width, height) <= 1536


def test_an_unknown_rule_names_the_file() -> None:
    with pytest.raises(pricing.PriceError, match=r"prices\.yaml: image: .* is none of fixed, tiles, patches"):
        pricing.image_tokens({"stripes": 1}, 1, 1)


def test_every_model_of_the_table_has_a_price_and_an_image_rule() -> None:
    table = pricing.price_table()
    assert table.checked.year >= 2026 and table.evidence and {"gpt-4o", "gpt-4o-mini"} <= set(table.models)
    for price in table.models.values():
        assert 0 <= price.input <= price.output and 0 < price.batch <= 1
        assert pricing.image_tokens(price.image, 300, 200) >= 0


def test_a_model_takes_the_price_of_its_family() -> None:
    assert pricing.price_of("gpt-4o-2024-11-20") == pricing.price_of("gpt-4o")
    assert pricing.price_of("gpt-4o-mini-2024-07-18") == pricing.price_of("gpt-4o-mini") != pricing.price_of("gpt-4o")
    assert pricing.price_of("simulated-annotator-11a69a74") == pricing.price_of("simulated-annotator")
    assert pricing.price_of("my-model") is None
    assert pricing.required_price("my-model", local=True) == pricing.FREE
    with pytest.raises(pricing.PriceError, match=r"'my-model'.*fasrepro/llm/prices\.yaml"):
        pricing.required_price("my-model", local=False)


def test_cost_is_tokens_times_price_and_half_in_a_batch() -> None:
    price = pricing.Price(2.5, 10.0, 0.5, TILES)
    assert price.cost(1_000_000, 100_000) == pytest.approx(3.5)
    assert price.cost(1_000_000, 100_000, batch=True) == pytest.approx(1.75)


def test_the_most_a_request_may_use_includes_image_and_whole_reply() -> None:
    data = io.BytesIO()
    Image.new("RGB", (1024, 1024)).save(data, "PNG")
    request = ChatRequest("a" * 400, "b" * 400, "v")
    price = pricing.Price(1.0, 1.0, 0.5, TILES)
    usage = pricing.max_usage(price, request, data.getvalue(), 600)
    assert usage == {"prompt_tokens": 1271, "completion_tokens": 600}  # ceil(1.3 * (12 + 200 + 765))
    with pytest.raises(ValueError, match="not a PNG file"):
        pricing.max_usage(price, request, b"JFIF", 600)


@pytest.mark.parametrize(
    ("usage", "text", "billed"),
    [
        ((40, 20), "x", (40, 20)),
        ((0, 0), "x", (100, 600)),
        ((-5, -5), "x", (100, 600)),
        ((40, 0), "x", (40, 600)),
        ((40, 0), "", (40, 0)),
        ((10**15, 20), "x", (100, 20)),
        ((900, 2000), "x", (900, 2000)),  # more than we thought, and possible
    ],
)
def test_usage_that_cannot_be_is_replaced_by_the_most(usage: tuple[int, int], text: str, billed: tuple[int, int]) -> None:
    most = {"prompt_tokens": 100, "completion_tokens": 600}
    reply = {"usage": dict(zip(most, usage, strict=True)), "text": text, "finish_reason": "stop"}
    assert tuple(pricing.billed_usage(reply, most).values()) == billed


def test_a_provider_in_front_of_a_name_changes_no_price() -> None:
    assert pricing.price_of("openai/gpt-4o-2024-11-20") == pricing.price_of("gpt-4o") is not None


@pytest.mark.parametrize("model", ["gpt-9-turbo", "openrouter/anthropic/claude-9", "gemini-9-pro", "o9-mini"])
def test_a_hosted_model_behind_a_local_proxy_needs_a_price(model: str) -> None:
    with pytest.raises(pricing.PriceError, match="no price is known of model"):
        pricing.required_price(model, local=True)


def test_an_open_model_on_this_machine_is_free() -> None:
    for model in ("Qwen/Qwen2.5-VL-7B-Instruct", "gpt-oss-20b", "llava", "results/merged"):
        assert pricing.required_price(model, local=True) is pricing.FREE


def test_a_local_alias_of_a_paid_model_is_found_out_by_what_is_served() -> None:
    with pytest.raises(pricing.PriceError, match="'gpt-4o-2024-11-20' answers: add 'captioner' with its price"):
        pricing.check_served(pricing.FREE, "captioner", "gpt-4o-2024-11-20")
    pricing.check_served(pricing.FREE, "captioner", "llava-1.6")
    pricing.check_served(pricing.price_of("gpt-4o"), "gpt-4o", "gpt-4o-2024-11-20")
