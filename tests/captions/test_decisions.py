from __future__ import annotations

import dataclasses
import json
import multiprocessing
import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fasrepro.captions import decisions
from fasrepro.captions.decisions import ACCEPT, DROP, EDIT, UNDO, Decision, EditError, Entry
from fasrepro.captions.styles import STYLES
from fasrepro.rows.captions import Review

VANILLA = STYLES["vanilla"]
REVIEW = Review("msu/a#0004", "vanilla", "msu/a.png", "sha", "attack", "print", "", "")


def decision(editor: str, text: str | None, action: str = EDIT, after: tuple[str, ...] = ()) -> Decision:
    review = dataclasses.replace(REVIEW, text=text or "")
    return Decision(review, editor, DROP if text is None else action, "key", after)


def entry(one: Decision) -> Entry:
    return Entry("here", one, one.id())


def outcomes(entries: list[Entry]) -> list[str | None]:
    return [one.decision.outcome for one in decisions.standing(entries)]


def add(path: Path, *added: Decision) -> list[Entry]:
    assert decisions.append(path, added) == ""
    return decisions.read(path, VANILLA)


def decide(history: list[Entry], editor: str, text: str | None) -> list[Entry]:
    """Return the history with an editor's next decision, as the page adds it."""
    after = tuple(decisions.own_tips(history, editor))
    return [*history, entry(decision(editor, text, after=after))]


def undo(history: list[Entry], undone: Entry) -> list[Entry]:
    return [*history, entry(decision(undone.decision.editor, "", UNDO, (undone.id,)))]


def test_an_editors_last_decision_replaces_the_earlier_ones() -> None:
    history = decide(decide(decide([], "ann", "one"), "ann", "two"), "ann", None)
    assert outcomes(history) == [None]
    assert decisions.conflicting(history) == []


def test_editors_who_differ_are_a_conflict_until_one_decision_replaces_both() -> None:
    history = decide(decide([], "ann", "one"), "ben", "two")
    assert {one.decision.editor for one in decisions.conflicting(history)} == {"ann", "ben"}
    settled = [*history, entry(decision("eve", "three", after=tuple(sorted(one.id for one in history))))]
    assert decisions.conflicting(settled) == [] and outcomes(settled) == ["three"]
    assert decisions.opinions(settled) == {"ann": "one", "ben": "two"}
    reopened = undo(settled, settled[-1])
    assert len(decisions.conflicting(reopened)) == 2


def test_editors_who_agree_are_no_conflict() -> None:
    history = decide(decide([], "ann", "one"), "ben", "one")
    assert decisions.conflicting(history) == [] and outcomes(history) == ["one", "one"]


def test_an_undone_decision_gives_way_to_the_one_before_it() -> None:
    history = decide(decide([], "ann", "one"), "ann", "two")
    assert outcomes(undo(history, history[-1])) == ["one"]
    assert outcomes(undo(history[:1], history[0])) == []


def test_after_an_undo_the_same_decision_can_be_taken_again() -> None:
    once = decide([], "ann", "one")
    again = decide(undo(once, once[0]), "ann", "one")
    assert outcomes(again) == ["one"]
    replaced = decide(undo(decide(once, "ann", "two"), decide(once, "ann", "two")[-1]), "ann", "three")
    assert outcomes(replaced) == ["three"]


steps = st.lists(st.tuples(st.sampled_from(["ann", "ben"]), st.sampled_from(["one", "two", None, UNDO])), max_size=8)


@given(steps, st.randoms())
def test_what_stands_does_not_depend_on_the_order_of_lines_nor_on_a_line_kept_twice(
    steps: list[tuple[str, str | None]], shuffle: random.Random
) -> None:
    history: list[Entry] = []
    for editor, text in steps:
        own = [one for one in decisions.standing(history) if one.decision.editor == editor]
        if text != UNDO:
            history = decide(history, editor, text)
        elif own:
            history = undo(history, own[0])
        assert sum(one.decision.editor == editor for one in decisions.standing(history)) <= 1
    merged = [*history, *history[:2]]
    shuffle.shuffle(merged)
    assert decisions.standing(merged) == decisions.standing(history)
    assert decisions.conflicting(merged) == decisions.conflicting(history)
    assert decisions.opinions(merged) == decisions.opinions(history)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


@given(st.lists(st.builds(decision, texts, texts, st.sampled_from([ACCEPT, EDIT])), max_size=4))
def test_what_is_appended_is_read_back(tmp_path_factory: pytest.TempPathFactory, written: list[Decision]) -> None:
    path = tmp_path_factory.mktemp("reviews") / "vanilla.jsonl"
    read = add(path, *written)
    assert [one.decision for one in read] == written
    assert [one.where for one in read] == [f"{path}, line {number}" for number in range(1, len(written) + 1)]


def test_a_line_of_an_earlier_version_is_an_edit_by_nobody_named(tmp_path: Path) -> None:
    path = tmp_path / "vanilla.jsonl"
    path.write_text(json.dumps(dataclasses.asdict(dataclasses.replace(REVIEW, text="one"))) + "\n")
    assert decisions.read(path, VANILLA)[0].decision == Decision(dataclasses.replace(REVIEW, text="one"))


@pytest.mark.parametrize("cut", [1, 2, 40, 200])
def test_a_line_that_a_kill_cut_off_is_removed_and_quoted(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "vanilla.jsonl"
    add(path, decision("ann", "first"))
    whole = path.read_bytes()
    add(path, decision("ben", "ein Wörtchen"))
    torn = path.read_bytes()[len(whole) : len(whole) + cut]
    path.write_bytes(whole + torn)
    notice = decisions.append(path, [decision("eve", "third")])
    assert notice == f"{path}: its last line was cut off, and is removed: {torn.decode(errors='replace')}"
    assert [one.decision.editor for one in decisions.read(path, VANILLA)] == ["ann", "eve"]


def test_a_last_line_without_its_end_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "vanilla.jsonl"
    add(path, decision("ann", "first"))
    path.write_bytes(path.read_bytes().rstrip())
    assert [one.decision.editor for one in add(path, decision("ben", "second"))] == ["ann", "ben"]


def test_a_last_line_that_no_kill_can_have_left_is_not_removed(tmp_path: Path) -> None:
    path = tmp_path / "vanilla.jsonl"
    path.write_text("a note")
    with pytest.raises(EditError, match=r"its last line is no decision: 'a note'; delete it"):
        decisions.repair(path)
    assert path.read_text() == "a note"


def _append_many(path: Path, editor: str) -> None:
    for number in range(25):
        decisions.append(path, [decision(editor, f"{number} " * 300)])


def test_two_programs_append_at_once_and_no_line_is_lost_or_mixed(tmp_path: Path) -> None:
    path = tmp_path / "vanilla.jsonl"
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=_append_many, args=(path, editor)) for editor in ("ann", "ben")]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    editors = [one.decision.editor for one in decisions.read(path, VANILLA)]
    assert (editors.count("ann"), editors.count("ben")) == (25, 25)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"action": "acept"}, r"line 1: unknown action 'acept'. Did you mean 'accept'"),
        ({"after": "x"}, r"line 1: after is no list"),
        ({"after": [1]}, r"line 1: after is no text"),
        ({"text": "\ud83d"}, r"line 1: a text holds half a character"),
        ({"style": "reasoning"}, r"line 1: its style is 'reasoning', not 'vanilla'"),
        ({"time": "today"}, r"line 1: expected face_id, .*, found .*, time"),
    ],
)
def test_a_line_that_is_no_decision_is_named(tmp_path: Path, change: dict[str, object], message: str) -> None:
    path = tmp_path / "vanilla.jsonl"
    path.write_text(json.dumps(decision("ann", "one").row() | change) + "\n")
    with pytest.raises(EditError, match=r"vanilla\.jsonl, " + message):
        decisions.read(path, VANILLA)


def test_a_merge_that_was_left_unfinished_is_named(tmp_path: Path) -> None:
    path = tmp_path / "vanilla.jsonl"
    add(path, decision("ann", "one"))
    path.write_text("<<<<<<< HEAD\n" + path.read_text() + "=======\n")
    with pytest.raises(EditError, match=r"line 1: a merge was left unfinished; delete git's lines"):
        decisions.read(path, VANILLA)
