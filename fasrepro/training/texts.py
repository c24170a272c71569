"""What a caption model writes: the forms that its texts can have, its texts as rows, and another conclusion. Imports no torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from fasrepro.captions.layouts import CONCLUSION, LAYOUTS, TAGS
from fasrepro.rows.table import Fault
from fasrepro.training.rewards import CONCLUSION_ALONE, CONCLUSION_FIRST

CHAIN = "chain"
# The tags of a caption model's texts: paper 2's, and those of two controls, whose chain cannot lead to the conclusion.
FORMS: dict[str, tuple[str, ...]] = {CHAIN: TAGS, "conclusion_only": CONCLUSION_ALONE, "conclusion_first": CONCLUSION_FIRST}
GREEDY = 0  # the number of a face's greedy text; sampled ones count from 1


@dataclasses.dataclass(frozen=True, slots=True)
class WrittenText:
    """A text that a caption model wrote about a face of people in `part`.

    `yes_log_odds`: of Yes against No where the greedy text concludes; 0 in the rows of samples.
    """

    KEY: ClassVar = ("face_id", "number")

    face_id: str
    part: str
    number: int  # `GREEDY`, or of the sample
    text: str
    yes_log_odds: float

    @staticmethod
    def faults(columns: pa.RecordBatch) -> Iterator[Fault]:
        """Yield the faults of a text: see `table.RowType`."""
        yield pc.less(columns["number"], GREEDY), lambda row: f"sample number {row.number} is below {GREEDY}"


def in_form(text: str, form: str) -> str:
    """Return a caption of the six tags in another of `FORMS`. Raises `FormError` for a text that is not in its tags.

    >>> chain = "".join(f"<{tag}>Seen.</{tag}>" for tag in TAGS[:-1])
    >>> in_form(chain + "<Conclusion>No</Conclusion>", "conclusion_only")
    '<Conclusion>No</Conclusion>'
    """
    if form == CHAIN:
        return text
    layout = LAYOUTS["tagged"]
    parts = dict(zip(TAGS, layout.split(TAGS, text), strict=True))
    return layout.write(FORMS[form], [parts[tag] for tag in FORMS[form]])


def with_conclusion(text: str, word: str) -> str:
    """Return a text up to its conclusion, and a conclusion of one word behind it.

    >>> with_conclusion("<Reasoning>Dots.</Reasoning> <Conclusion>Yes</Conclusion>", "No")
    '<Reasoning>Dots.</Reasoning> <Conclusion>No</Conclusion>'
    """
    before = text.partition(f"<{CONCLUSION}>")[0]
    return f"{before}<{CONCLUSION}>{word}</{CONCLUSION}>"
