"""A reader that learns from the sources' captions which words go with attacks, and never sees a verdict.

It is a logistic regression on TF-IDF of words and pairs of words. It is fitted to the captions that the run itself was trained
on, without their concluding sentences (`verdict_ablation.cut`), and reads an explanation as it is. It uses no rule of ours, so it
shows what the wording alone reveals; the words that it relies on may be any quirk of the annotator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from fasrepro.evaluation.readers.verdict_ablation import cut
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label


def fit(captions: Sequence[str], labels: Sequence[Label]) -> Pipeline | None:
    """Return the reader; None where the captions lack a label, or have no words without their conclusions.

    Both classes weigh the same, because sources hold many more attacks than bona fide faces.
    """
    texts = [cut(caption) for caption in captions]
    if len(set(labels)) < len(Label) or not any(text.strip() for text in texts):
        return None
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2 if len(texts) > 50 else 1, sublinear_tf=True),
        LogisticRegression(class_weight="balanced", max_iter=1000, random_state=0),
    )
    return model.fit(texts, [int(label) for label in labels])


def read(model: Pipeline, texts: Mapping[str, str]) -> dict[str, Verdict]:
    """Return a verdict on each text, by its name; a text without any word of the captions is undecided."""
    names = list(texts)
    if not names:
        return {}
    features = model[0].transform([texts[name] for name in names])
    labels = model[-1].predict(features)
    words = features.getnnz(axis=1)
    verdicts = {}
    for name, label, count in zip(names, labels, words, strict=True):
        verdict = Verdict.ATTACK if label == Label.ATTACK else Verdict.BONA_FIDE
        verdicts[name] = verdict if count else Verdict.UNDECIDED
    return verdicts
