"""Texts of a caption model as rows, and their conclusions exchanged."""

from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro.captions.layouts import TAGS, YES
from fasrepro.rows import table
from fasrepro.training import rewards
from fasrepro.training.texts import FORMS, GREEDY, WrittenText, in_form, with_conclusion

CHAIN = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])


@pytest.mark.parametrize("ending", ["<Conclusion>No</Conclusion>", "<Conclusion>No", "", "<Conclusion>No</Conclusion> and more"])
def test_a_chain_gets_the_conclusion_it_is_given(ending: str) -> None:
    assert rewards.accuracy(with_conclusion(CHAIN + ending, YES), YES) == 1.0


def test_a_chain_that_is_broken_stays_broken() -> None:
    assert rewards.accuracy(with_conclusion("<Caption>Seen.</Caption>", YES), YES) == 0.0


@pytest.mark.parametrize("form", FORMS)
def test_gold_in_another_form_is_right_there_and_there_alone(form: str) -> None:
    text = in_form(with_conclusion(CHAIN, YES), form)
    assert {name for name, tags in FORMS.items() if rewards.conclusion_in(tags, text) == YES} == {form}


def test_texts_come_back_and_a_face_s_samples_are_told_apart(tmp_path: Path) -> None:
    rows = [WrittenText("msu/1#0004", "C", number, "text", 0.5) for number in (GREEDY, 1, 2)]
    table.write(tmp_path / "texts.parquet", reversed(rows), WrittenText)
    assert table.read(tmp_path / "texts.parquet", WrittenText) == rows
    with pytest.raises(table.RowError, match="sample number -1"):
        table.write(tmp_path / "bad.parquet", [WrittenText("msu/1#0004", "C", -1, "text", 0.5)], WrittenText)
