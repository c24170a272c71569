"""A reader that has learnt from the sources' captions which words go with attacks, and has never seen a verdict.

Logistic regression on TF-IDF of words and pairs of words. It is fitted on the captions that the run itself was trained on, their
concluding sentences cut out (`variants.cut`), and reads an explanation as it is. It knows no rule of ours, so it shows what a
reader can tell from the wording; what it takes for a sign may be any habit of the annotator.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline

from fasrepro.evaluation.readers.verdict_ablation import cut
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Label

NAME = "tfidf"


def fit(captions: Sequence[str], labels: Sequence[Label]) -> Pipeline | None:
    """Return the reader; None where the captions do not hold both labels, or no word once their conclusions are cut.

    Classes weigh the same, because sources hold many more attacks than bona fide faces.
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
    """Return a verdict on each text, by its name; a text without a word that the captions have is undecided."""
    names = list(texts)
    if not names:
        return {}
    known = model[0].transform([texts[name] for name in names])
    given = model[-1].predict(known)
    words = known.getnnz(axis=1)
    verdicts = (Verdict.ATTACK if label == Label.ATTACK else Verdict.BONA_FIDE for label in given)
    return {name: verdict if count else Verdict.UNDECIDED for name, verdict, count in zip(names, verdicts, words, strict=True)}
