"""Markdown: texts of people and models stay texts, numbers stand on the right."""

from __future__ import annotations

import html
import re

from hypothesis import given
from hypothesis import strategies as st

from fasrepro.report import markdown
from tests.report.conftest import cells

HOSTILE = '<script>alert(1)</script>\n<img src=x onerror="alert(2)">\n```\n{{ training_steps }} $x$ :::{raw} html'


def text_of(fragment: str) -> str:
    """What a browser shows of an HTML fragment."""
    return html.unescape(re.sub(r"<[^>]*>", "", fragment.replace("<br>", "\n")))


def test_hostile_text_becomes_text() -> None:
    escaped = markdown.escape(HOSTILE)
    assert set(re.findall(r"<[^>]*>", escaped)) == {"<br>"}
    assert text_of(escaped) == HOSTILE
    assert not set("`{}$\n") & set(escaped)


@given(st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]) | st.sampled_from("\n\r\x1e\x85")))
def test_any_text_is_one_line_without_tags_and_is_shown_unchanged(text: str) -> None:
    escaped = markdown.escape(text)
    assert not re.search(r"<(?!br>)", escaped)
    assert len(escaped.splitlines()) <= 1
    assert "".join(text_of(escaped).split()) == "".join(text.split())


def test_control_characters_are_replaced() -> None:
    assert markdown.escape("a\x00b\x1bc\ud800") == "a\ufffdb\ufffdc\ufffd"


def test_cells_are_escaped_and_intervals_stay_on_one_line() -> None:
    table = markdown.table(["a", "b"], [["<b>a|b</b> {{x}} `code`", "0.1 [0.0, 0.2]"]])
    assert not any(raw in table for raw in ("<b>", "a|b", "{{", "`"))
    assert cells(table)[1] == ["<b>a|b</b> {{x}} `code`", "0.1 [0.0, 0.2]"]
    assert "0.0,&nbsp;0.2" in table


def test_a_cell_of_ours_may_hold_code_and_nothing_else_of_it_is_html() -> None:
    table = markdown.table(["how"], [[markdown.Html(markdown.with_code("run `a <b>|` & more"))]])
    assert table.splitlines()[2] == "| run <code>a &lt;b&gt;&#124;</code> &amp; more |"


def test_columns_of_numbers_are_aligned_on_the_right() -> None:
    assert markdown.table(["n", "mixed"], [["1", "1"], ["2.5", "x"]]).splitlines()[1] == "| ---: | --- |"


def test_a_figure_has_its_path_caption_and_alternative_text_on_one_line() -> None:
    text = markdown.figure("_generated/results/figures/hter.png", "A\ncaption.", "An\nalternative.")
    assert "/_generated/results/figures/hter.png" in text
    assert ":alt: An alternative." in text and "\nA caption.\n" in text


def test_params_become_names_for_substitution() -> None:
    values = markdown.substitutions("a", {"b": {"c": 0.5}, "styles": ["x", "y"], "on": True, "text": "a <b>"})
    assert values == {"a_b_c": "0.5", "a_styles": "x, y", "a_on": "true", "a_text": "a &lt;b&gt;"}
    assert markdown.substitutions("a", [{"name": "joint", "steps": 3}]) == {"a_joint_name": "joint", "a_joint_steps": "3"}
