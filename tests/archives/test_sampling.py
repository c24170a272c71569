"""A few presentations of each subject: as many kinds of attack as fit, and the same ones every time."""

from __future__ import annotations

from collections import Counter

from fasrepro import archives
from fasrepro.archives.sampling import PerSubject, sampled
from fasrepro.rows.faces import Label

SIW = archives.plan("siw", {"train": 24, "test": 0})


def test_each_subject_keeps_so_many_of_each_class_in_the_order_of_the_archive() -> None:
    kept = sampled(SIW, PerSubject(2, 4))
    assert Counter((shown.subject, shown.label) for shown in kept) == {
        (subject, label): count
        for subject in {shown.subject for shown in SIW}
        for label, count in zip(Label, (2, 4), strict=True)
    }
    assert kept == [shown for shown in SIW if shown in kept]
    assert kept == sampled(SIW, PerSubject(2, 4))


def test_a_subject_shows_as_many_kinds_as_it_can_and_all_kinds_are_shown() -> None:
    attacks = [shown for shown in sampled(SIW, PerSubject(0, 4)) if shown.label is Label.ATTACK]
    for subject in {shown.subject for shown in attacks}:
        assert len({shown.instrument for shown in attacks if shown.subject == subject}) == 4
    assert {shown.instrument for shown in attacks} == {shown.instrument for shown in SIW if shown.label is Label.ATTACK}


def test_who_has_fewer_keeps_all_and_further_subjects_change_nothing() -> None:
    assert sampled(SIW, PerSubject(100, 100)) == SIW
    first = [shown for shown in SIW if shown.subject == "siw/001"]
    assert sampled(first, PerSubject(2, 4)) == [shown for shown in sampled(SIW, PerSubject(2, 4)) if shown.subject == "siw/001"]
