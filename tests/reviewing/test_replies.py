from __future__ import annotations

from pathlib import Path

from fasrepro.captions import annotate
from fasrepro.captions.styles import STYLES
from fasrepro.llm.store import Store
from fasrepro.llm.types import request_key
from fasrepro.reviewing.replies import accepted_reply, stored_replies
from tests.annotated_world import World
from tests.captions.test_annotate import endpoint
from tests.reviewing.conftest import caption


def test_every_attempt_is_listed_with_the_reason_of_its_rejection(world: World, tmp_path: Path) -> None:
    face, where = world.faces[0], endpoint("http://127.0.0.1:1/v1")
    requests, accept = annotate.requests_for([face], world.crops, STYLES["vanilla"], True)
    request = requests[face.face_id]
    reframed = request.fallbacks[0]
    keys = [request_key(where, question, number) for number, question in enumerate([request, request, reframed, reframed])]
    with Store(tmp_path / "store") as store:
        assert stored_replies(face.face_id, request, where, store, accept) == []
        store.append({"key": keys[0], "text": "I'm sorry, I can't help.", "finish_reason": "stop"})
        store.append({"key": keys[1], "text": "I'm sorry.", "finish_reason": "stop"})
        store.append({"key": keys[2], "error": "timeout: after 9 s"})
        store.append({"key": keys[3], "text": f"**{caption(face)}**", "finish_reason": "stop"})
        found = stored_replies(face.face_id, request, where, store, accept)
    assert [one.reason.split(":")[0] for one in found] == ["refusal", "refusal", "timeout", ""]
    assert [one.number for one in found] == [1, 2, 3, 4] and [one.key for one in found] == keys
    assert (found[0].prompt, found[3].prompt) == (request.user, reframed.user)  # a second refusal, and the prompt changes
    assert accepted_reply(found) == found[3] and found[3].text == caption(face)
    assert accepted_reply(found[:3]) is None
