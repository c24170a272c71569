"""The model card of an exported job: README.md with the front matter that hubs of models read."""

from __future__ import annotations

from collections.abc import Mapping

from fasrepro.deployment import score_file
from fasrepro.deployment.exported import MERGED, About

TITLES = {"hter_dev": "HTER at the dev threshold", "auc": "AUC", "bpcer": "BPCER", "apcer_max": "APCER, worst attack type"}

LIMITS = """\
- A score does not carry over to another camera, light or kind of attack. Measure on pictures of your own before you rely on it.
- It is no access control: whoever sees its scores can look for attacks that it misses.
- Explanations say what the model learned to write. They are no evidence of why it decided."""


def front_matter(about: About) -> list[str]:
    """Return the YAML block, one line each."""
    lines = ["---", "library_name: transformers" if about.form == MERGED else "library_name: peft"]
    lines += [f"base_model: {about.backbone.partition('@')[0]}"] if about.backbone_revision else []
    lines += ["license: apache-2.0"] if about.licence == "Apache-2.0" else ["license: other", f'license_name: "{about.licence}"']
    return [*lines, "tags: [face-anti-spoofing, fasrepro]", "---", ""]


def _figures(figures_of: Mapping[str, Mapping[str, float]]) -> list[str]:
    if not figures_of:
        return ["No metrics of this job were computed when it was exported."]
    rows = [f"| target | {' | '.join(TITLES.values())} |", f"|---|{'---|' * len(TITLES)}"]
    for target, figures in figures_of.items():
        cells = [f"{figures[name]:.3f}" if name in figures else "-" for name in TITLES]
        rows.append(f"| {target} | {' | '.join(cells)} |")
    return rows


def _quantiles(about: About) -> list[str]:
    """Return the table of dev quantiles: a row a label."""
    shares = list(next(iter(about.dev_quantiles.values()), {}))
    rows = [f"| quantile | {' | '.join(shares)} |", f"|---|{'---|' * len(shares)}"]
    for label, scores in about.dev_quantiles.items():
        rows.append(f"| {label.replace('_', ' ')} | {' | '.join(f'{scores[share]:.4f}' for share in shares)} |")
    return rows


def _backbone(about: About) -> str:
    """Return the backbone with what tells it from others of its name: the hub's revision, or the hash of its weights."""
    if about.backbone_revision:
        return f"`{about.backbone}`, revision `{about.backbone_revision}`"
    return f"`{about.backbone}`, weights `{about.backbone_sha256[:12]}`"


def text(about: About, figures_of: Mapping[str, Mapping[str, float]]) -> str:
    """Return the card; `figures_of`: target -> metric -> value on data that the model was not trained on."""
    lines = [
        *front_matter(about),
        f"# {about.job}",
        "",
        f"A face anti-spoofing model of fasrepro {about.versions['fasrepro']}, trained on {', '.join(about.training_datasets)}.",
        about.data,
        "",
        "## Use",
        "",
        "`fasrepro predict THIS_FOLDER photo.jpg`. " + f"`fasrepro.json` holds what a score means: {about.score_means}.",
        f"The threshold, {about.threshold:.6g}, was chosen on the dev people of {', '.join(about.threshold_datasets)}.",
        "",
        "It is intended for research on face anti-spoofing: comparing trainings, and reproducing published claims. It is not",
        "intended to let people in or keep them out, nor to judge a person's pictures without their consent.",
        "",
        "## Training",
        "",
        f"Trained on the train people of {', '.join(about.training_datasets)}, from {_backbone(about)}.",
        f"Faces are cropped by the convention `{about.index.crop}`; the score comes from the {about.score_by}.",
        f"Licence: {about.licence}.",
        "",
        "## Metrics on unseen data sets",
        "",
        *_figures(figures_of),
        "",
        "## Scores of the dev people, by video",
        "",
        *_quantiles(about),
        "",
        f"`{score_file.NAME}` holds the scores of dev and test: `fasrepro rescore THIS_FOLDER` computes every figure from them.",
        "",
        "## Limits",
        "",
        LIMITS,
        "",
    ]
    return "\n".join(lines)
