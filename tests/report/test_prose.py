from __future__ import annotations

import html

from fasrepro.report import prose

ASKED = {"base_url": "simulated", "model": "simulated-annotator", "label_aware": True}
FAILINGS = {"missed_cue": 0.25, "invented_cue": 0.1, "reader_error": 0.03}


def test_what_is_simulated_is_said_to_be_and_nothing_else_is() -> None:
    assert "probability 0.25" in prose.annotator(ASKED, FAILINGS)
    real = prose.annotator(
        {**ASKED, "base_url": "https://api.example.org/v1", "model": "a-model", "label_aware": False}, FAILINGS
    )
    assert "simulated" not in real
    assert "is not told" in real
    assert "api.example.org/v1" in html.unescape(real)
    judging = {"readers": ["lexical", "api"], "model": "m", "network_videos": 24}
    assert "probability 0.03" in prose.readers(judging, "simulated", FAILINGS)
    assert "It reads 24 videos a cell." in prose.readers(judging, "simulated", FAILINGS)
    assert "It reads all videos a cell." in prose.readers({**judging, "network_videos": 0}, "simulated", FAILINGS)
    assert prose.counted(["lexical", "api"], "simulated") == ["lexical"]
    assert prose.counted(["lexical", "api"], "https://api.example.org/v1") == ["lexical", "api"]
    assert "program on this machine" not in prose.readers(judging, "https://api.example.org/v1", FAILINGS)
    assert "tiny" not in prose.backbone("some/checkpoint", {})


def test_a_password_in_a_url_is_not_printed() -> None:
    text = prose.annotator({**ASKED, "base_url": "https://user:secret@host:8000/v1?key=secret"}, FAILINGS)
    assert "secret" not in text
    assert "host:8000/v1" in html.unescape(text)


def test_a_model_s_name_is_escaped() -> None:
    assert "<b>" not in prose.annotator({**ASKED, "model": "<b>x</b>"}, FAILINGS)
