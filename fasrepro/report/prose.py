"""Paragraphs that depend on params.yaml: what is true of the embedded profile is not said of another."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence
from typing import Any

from fasrepro.report.gallery import escaped

SIMULATED = "simulated"
OVER_NETWORK = ("api",)
EMBEDDED_BACKBONE = "results/foundation"


def host_of(url: str) -> str:
    """Return a URL's host and path: no user, no password, no query, which can hold secrets."""
    parts = urllib.parse.urlsplit(url)
    return f"{parts.hostname or ''}{f':{parts.port}' if parts.port else ''}{parts.path}"


def annotator(settings: Mapping[str, Any], failings: Mapping[str, Any], untold: Sequence[str] = ()) -> str:
    """Return who wrote the captions and what they were told; `settings` and `failings` are params' annotator and simulated.

    `untold` are the styles in which the annotator is told nothing, whatever `settings` say.
    """
    model = escaped(str(settings["model"]))
    if settings["base_url"] == SIMULATED:
        who = (
            f"Here the annotator is a simulated one (model {model}): a program behind a server on this machine that knows"
            " which cues are in an image and makes mistakes at set rates. It misses a cue with probability"
            f" {failings['missed_cue']:g} and, when told the label, invents a cue typical of the attack with probability"
            f" {failings['invented_cue']:g}."
        )
    else:
        who = f"Here the annotator is {model} at {escaped(host_of(settings['base_url']))}."
    if settings["label_aware"]:
        but = f" Not so in {' and '.join(f'`{name}`' for name in untold)}: there it is told nothing." if untold else ""
        told = (
            "As in both papers **[2]**, the annotator is told whether the face is live, and if not, the kind of attack. So a"
            f" caption is a justification after the fact, not a reading of the image.{but}"
        )
    else:
        told = (
            "Other than in both papers **[2]**, the annotator is not told whether the face is live: a caption is its own reading."
        )
    return f"{who}\n\n{told}\n"


def backbone(checkpoint: str, shape: Mapping[str, Any]) -> str:
    """Return what the backbone is; `shape` is params' foundation."""
    if checkpoint != EMBEDDED_BACKBONE:
        return f"- **The backbone** is {escaped(checkpoint)}. The paper's is not named **[2]**.\n"
    return (
        f"- **The backbone is tiny**: a model of SmolVLM's architecture with {shape['vision_layers']} vision and"
        f" {shape['text_layers']} language layers of width {shape['hidden_size']}, pretrained here on neutral descriptions of"
        " bona fide faces. Its weights have seen no word of spoofing; its tokenizer was trained on the words of the cues too, as"
        " any tokenizer knows them. The paper's backbone is not named **[2]**.\n"
    )


def readers(settings: Mapping[str, Any], base_url: str, failings: Mapping[str, Any]) -> str:
    """Return what the readers are; `settings` and `failings` are params' judging and simulated."""
    lines = {
        "lexical": "- `lexical` goes by a fixed rule over words: the last stated verdict, else the cues that are named.",
        "tfidf": "- `tfidf` has learnt from the captions that the run was trained on, their conclusions cut out, which words go"
        " with attacks: logistic regression on words and pairs of words. A run on labels alone has none.",
        "api": f"- `api` asks the model {escaped(str(settings['model']))} at {escaped(host_of(base_url))}.",
    }
    if base_url == SIMULATED:
        lines["api"] = (
            "- `api` stands where paper 1 has a language model. Here it is a program on this machine that goes by keywords and"
            f" errs with probability {failings['reader_error']:g}: its rows show that the road is there, not how a language model"
            f" reads, and the ledger does not count it. It reads {settings['network_videos'] or 'all'} videos a cell."
        )
    return "".join(f"{lines[name]}\n" for name in settings["readers"] if name in lines)


def counted(readers: Sequence[str], base_url: str) -> list[str]:
    """Return the readers whose verdicts may decide a claim: not one that is simulated."""
    return [name for name in readers if not (name in OVER_NETWORK and base_url == SIMULATED)]


def of_settings(params: Mapping[str, Mapping[str, Any]], untold: Sequence[str]) -> dict[str, str]:
    """Return the fragments of this module by their names; `params` are sections of params.yaml, `untold` as in `annotator`."""
    return {
        "annotator": annotator(params["annotator"], params["simulated"], untold),
        "backbone": backbone(params["training"]["backbone"], params["foundation"]),
        "readers": readers(params["judging"], params["annotator"]["base_url"], params["simulated"]),
    }
