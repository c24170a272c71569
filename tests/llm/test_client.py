from __future__ import annotations

from fasrepro.llm import client


def test_retry_after_headers_that_make_no_sense_are_ignored() -> None:
    assert client.retry_after({"retry-after": "soon"}) == 0.0
    assert client.retry_after({"retry-after": "-5"}) == 0.0
    assert client.retry_after({"retry-after": "99999"}) == client.LONGEST_WAIT_S
    assert client.retry_after({"retry-after-ms": "250"}) == 0.25
    assert client.retry_after({}) == 0.0
