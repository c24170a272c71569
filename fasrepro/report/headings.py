"""The measures of metrics.json and grounding.json in words, as headings and cells of the book's tables say them."""

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
    "hter": "HTER, undecided wrong",
    "accuracy": "accuracy, undecided wrong",
    "undecided": "undecided",
    "hter_decided": "HTER, decided only",
    "accuracy_decided": "accuracy, decided only",
}
GROUNDING = {"f1": "F1 of named cues"}


def words(name: str) -> str:
    """Return a measure in words; its name where it has none."""
    return {**RESULTS, **READERS, **GROUNDING}.get(name, name)
