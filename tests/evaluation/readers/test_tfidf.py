"""A reader that learns from captions without their verdicts."""

from __future__ import annotations

from fasrepro.evaluation.readers import tfidf
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

ATTACK, BONA_FIDE = "dots of ink lie over the skin. This is a presentation attack.", "fine skin. This is a bona fide face."


def test_it_reads_the_signs_and_never_a_verdict() -> None:
    model = tfidf.fit([ATTACK, BONA_FIDE] * 5, [Label.ATTACK, Label.BONA_FIDE] * 5)
    assert model is not None
    assert not {"attack", "bona", "fide"} & set(model[0].vocabulary_)
    texts = {"signs": "dots of ink", "against": "dots of ink. This is a bona fide face."}
    verdicts = tfidf.read(model, texts)
    assert verdicts["signs"] == verdicts["against"] == Verdict.ATTACK
    assert tfidf.read(model, {"live": "fine skin"}) == {"live": Verdict.BONA_FIDE}
    assert tfidf.read(model, {"strange": "xyz"}) == {"strange": Verdict.UNDECIDED}
    assert tfidf.read(model, {}) == {}


def test_captions_of_one_label_or_verdicts_alone_give_no_reader() -> None:
    assert tfidf.fit([ATTACK] * 3, [Label.ATTACK] * 3) is None
    assert tfidf.fit(["This is a spoof.", "This is a live person."], [Label.ATTACK, Label.BONA_FIDE]) is None
    assert tfidf.fit([], []) is None
