from __future__ import annotations

import dataclasses

from fasrepro.llm import types
from fasrepro.llm.types import ChatRequest
from tests.llm.chat_server import endpoint


def test_a_key_depends_only_on_what_determines_a_reply() -> None:
    base, image = endpoint("http://one/v1"), ChatRequest("s", "u", "v", lambda: b"", "pixels")
    keys = [types.request_key(dataclasses.replace(base, **{name: value}), image, 0) for name, value in
            {"model": "n", "max_tokens": 51, "temperature": 0.6, "seed": 101}.items()]  # fmt: skip
    keys += [types.request_key(base, dataclasses.replace(image, **{name: value}), 0) for name, value in
             {"system": "t", "user": "v", "image_sha256": "others"}.items()]  # fmt: skip
    keys.append(types.request_key(base, ChatRequest("s", "u", "v"), 0))
    first = types.request_key(base, image, 0)
    assert len({first, *keys}) == 9
    assert types.request_key(base, image, 1) == keys[3]  # an attempt is nothing but another seed
    for change in ({"base_url": "http://two/v1"}, {"api_key": "other"}, {"concurrency": 1}, {"timeout_s": 1.0}, {"attempts": 9}):
        assert types.request_key(dataclasses.replace(base, **change), image, 0) == first
