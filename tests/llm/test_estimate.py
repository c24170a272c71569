from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from fasrepro.captions import annotate
from fasrepro.captions.styles import STYLES
from fasrepro.llm import estimate
from fasrepro.llm.store import Asked, Store
from fasrepro.simulation.annotator.server import application, serve
from tests.captions.test_annotate import endpoint

STYLE, OTHER = STYLES["vanilla"], STYLES["reasoning"]


def estimated(world: Any, store: Store, count: int, **changes: Any) -> estimate.Estimate:
    requests, accept = annotate.questions(world.faces[:count], world.crops, STYLE, True)
    asked = endpoint("http://127.0.0.1/v1", **changes)
    return estimate.estimate(requests, accept, asked, store, STYLE.least_words, STYLE.most_words)


def test_before_anything_is_asked(world: Any, tmp_path: Path) -> None:
    with Store(tmp_path) as store:
        found = estimated(world, store, 30, model="gpt-4o", concurrency=5)
    assert (found.images, found.stored, found.requests, found.measured) == (30, 0, 30, False)
    # 20 x 24 pixels are one square: 255 tokens. Twelve around the messages, and a token for four characters of the texts.
    texts = [len(STYLE.system()) + len(STYLE.aware(face.label, face.species)) for face in world.faces[:30]]
    assert found.prompt_tokens == sum(12 + -(-characters // 4) + 255 for characters in texts)
    assert found.completion_tokens == round(30 * (8 + 120) / 2 / 0.75)
    assert found.usd == pytest.approx((found.prompt_tokens * 2.5 + found.completion_tokens * 10) / 1e6)
    assert found.usd_batch == pytest.approx(found.usd / 2) and found.seconds == 30 * 5.0 / 5
    assert "30 images, 0 stored, 30 requests" in estimate.line("vanilla", found)


def test_what_is_stored_is_not_asked_and_tells_how_long_replies_are(world: Any, tmp_path: Path) -> None:
    app = application(world.annotator(refusal=0.3))
    with serve(app) as url, Store(tmp_path) as store:
        annotate.annotate(world.faces[:25], world.crops, STYLE, endpoint(url), store, True)
        found = estimated(world, store, 40)
        used = store.used()[Asked("m", STYLE.prompt_version(True), batch=False)]
        other = estimate.estimate(*annotate.questions(world.faces, world.crops, OTHER, True), endpoint(url), store, 30, 90)
    assert (found.images, found.stored, found.requests, found.measured) == (40, 25, 15, True)
    assert found.completion_tokens == round(15 * used.completion_tokens / used.replies)
    assert (other.measured, other.completion_tokens) == (
        False,
        round(45 * 60 / 0.75),
    )  # nothing is known of its replies
    assert found.usd is None and "price unknown" in estimate.line("vanilla", found)
