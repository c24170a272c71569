from __future__ import annotations

from typing import Any

import pytest

from fasrepro.llm import endpoints
from fasrepro.llm.types import EndpointError, Progress, is_local, shown_host

SETTINGS: dict[str, Any] = {"concurrency": 4, "attempts": 2, "timeout_s": 1.0, "max_tokens": 9, "temperature": 0.0, "seed": 1}


def test_progress_shows_rate_cost_and_time_left(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr(endpoints.time, "monotonic", lambda: now)
    show = endpoints.progress_to_stderr("annotate vanilla")
    show(Progress(40, 100, 0, 1.0))  # from the store
    now = 104.0
    show(Progress(45, 100, 5, 1.1))
    assert capsys.readouterr().err == ""
    now = 110.0
    show(Progress(60, 100, 30, 1.5))
    # Twenty were answered in 10 s, by thirty requests; forty are left.
    assert capsys.readouterr().err == "annotate vanilla: 60 of 100, 3.0 requests/s, $1.50 so far, 0.3 min left\n"


def test_the_key_is_added_only_when_the_endpoint_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-0123456789")
    endpoint = endpoints.endpoint_at("https://api.example.com/v1", "gpt-4o", **SETTINGS)
    assert (endpoint.api_key, endpoint.model, endpoint.probe) == ("", "gpt-4o", True)
    opened = endpoints.with_key(endpoint)
    assert opened.api_key == "sk-very-secret-0123456789" and "secret" not in repr(opened)


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://localhost:8000/v1", True),
        ("http://127.0.0.1/v1", True),
        ("http://[::1]:80/v1", True),
        ("http://192.168.0.7:8000/v1", False),  # another machine, if a near one
        ("https://localhost.example.com/v1", False),
        ("https://api.openai.com/v1", False),
    ],
)
def test_only_this_machine_is_local(url: str, local: bool) -> None:
    assert is_local(url) == local


def test_a_host_is_shown_without_the_secrets_of_its_url() -> None:
    assert shown_host("https://user:secret@host.example:8000/v1?key=secret") == "host.example"
    assert shown_host("http://127.0.0.1:8000/v1") == "this machine"


@pytest.mark.parametrize("url", ["https://me:secret@api.example.com/v1", "https://secret@h/v1", "https://h/v1?key=secret"])
def test_a_url_with_a_secret_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(EndpointError, match=r"with a password or a query, .* OPENAI_API_KEY alone") as error:
        endpoints.endpoint_at(url, "m", **SETTINGS)
    assert "secret" not in str(error.value)


def test_what_a_server_accepts_is_checked() -> None:
    url = "https://api.example.com/v1"
    assert endpoints.endpoint_at(url, "m", **SETTINGS, accepts={"seed": False}).accepts == {"seed": False}
    with pytest.raises(EndpointError, match=r"annotator.accepts: unknown ability 'image'. Did you mean 'images'"):
        endpoints.endpoint_at(url, "m", **SETTINGS, accepts={"image": True})
    with pytest.raises(EndpointError, match=r"annotator.accepts: images: 'yes' is no bool"):
        endpoints.endpoint_at(url, "m", **SETTINGS, accepts={"images": "yes"})
