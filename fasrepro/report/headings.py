"""The measures of metrics.json and grounding.json in words, as headings, cells and axes of the book say them."""

from __future__ import annotations

# The oracle comes beside the honest figure, never alone.
RESULTS = {
    "hter_dev": "HTER, dev threshold",
    "auc": "AUC",
    "apcer_max": "APCER, worst species",
    "bpcer": "BPCER",
    "acer": "ACER",
    "eer": "EER",
    "hter_oracle": "HTER, oracle threshold (chosen on the target)",
}
READERS = {
    "hter": "reader's HTER, undecided wrong",
    "accuracy": "reader's accuracy, undecided wrong",
    "undecided": "undecided",
    "hter_decided": "reader's HTER, decided only",
    "accuracy_decided": "reader's accuracy, decided only",
}
WORDS = {**RESULTS, **READERS, "apcer_pooled": "APCER, all attacks", "f1": "F1 of named cues"}


def words(name: str) -> str:
    """Return a measure in words; its name where it has none."""
    return WORDS.get(name, name)
