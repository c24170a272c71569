"""Stage `probes`: what the backbone can see and read before any caption run is trained on it -> results/probes.json."""

from __future__ import annotations

import argparse
import dataclasses
from collections.abc import Sequence

import numpy as np
import threadpoolctl
from PIL import Image
from transformers import PreTrainedModel, ProcessorMixin

from fasrepro import config, crops, paths, regions, stages
from fasrepro.captions.styles import VERDICTS
from fasrepro.evaluation import results
from fasrepro.evaluation.analyses import probes, reading, shortcuts
from fasrepro.evaluation.results.probes import Probes, Reading
from fasrepro.models import backbones
from fasrepro.models.inputs import generate
from fasrepro.models.likelihood import log_likelihood
from fasrepro.models.states import SITES, pooled_states
from fasrepro.rows import table
from fasrepro.rows.captions import Verdict
from fasrepro.rows.faces import Face
from fasrepro.rows.truth import Truth

BATCH = 48


def cues_of(faces: list[Face]) -> list[tuple[str, ...]]:
    """Return what each face's crop shows: nothing where nothing is known of images."""
    truth_of = {row.face_id: row for row in table.read_all(paths.TRUTH, Truth)}
    rows = [(face, truth_of.get(face.face_id)) for face in faces]
    return [tuple(regions.visible(face.box, row.cues, row.regions)) if row else () for face, row in rows]


@dataclasses.dataclass(frozen=True, slots=True)
class LanguageModel:
    """A frozen backbone that is asked about pictures; `limit`: of a text's tokens."""

    model: PreTrainedModel
    processor: ProcessorMixin
    prompt: str
    limit: int

    def likelihoods(self, images: Sequence[Image.Image], texts: Sequence[str]) -> np.ndarray:
        """Return how likely it finds each image's text, in nats a token; (images,)."""
        parts = [
            log_likelihood(self.model, self.processor, images[rows], self.prompt, texts[rows], self.limit).float().cpu().numpy()
            for rows in _batches(len(images))
        ]
        return np.concatenate(parts)

    def texts(self, images: Sequence[Image.Image]) -> list[str]:
        """Return what it writes about each image."""
        batches = [generate(self.model, self.processor, images[rows], self.prompt, self.limit) for rows in _batches(len(images))]
        return [text for batch in batches for text, _, _ in batch]


def _batches(count: int) -> list[slice]:
    return [slice(start, start + BATCH) for start in range(0, count, BATCH)]


def preferences(asked: LanguageModel, images: list[Image.Image]) -> np.ndarray:
    """Return how much likelier the model finds the conclusion "attack" than the other, in nats a token; (images,)."""
    attack, bona_fide = (
        asked.likelihoods(images, [VERDICTS[verdict]] * len(images)) for verdict in (Verdict.ATTACK, Verdict.BONA_FIDE)
    )
    return attack - bona_fide


def read_new_pictures(asked: LanguageModel) -> Reading:
    """Return what the model reads of the faces and stills that the stage `probe_pairs` drew."""
    with np.load(paths.NEW_PICTURES) as file:
        drawn = {name: file[name] for name in file.files}
    images = {kind: list(map(Image.fromarray, drawn[kind])) for kind in ("faces", "stills")}
    shares = {}
    for kind, captions in (("faces", "face_captions"), ("stills", "still_captions")):
        own, texts = images[kind], drawn[captions].tolist()
        another = [*own[1:], *own[:1]]
        shares[kind] = reading.own_picture_share(asked.likelihoods(own, texts), asked.likelihoods(another, texts))
    wordings = dict(zip(drawn["wordings"].tolist(), drawn["effects"].tolist(), strict=True))
    present, named = (
        [reading.effects_in(text, wordings) for text in texts]
        for texts in (drawn["media_captions"].tolist(), asked.texts(images["stills"]))
    )
    return Reading(shares, reading.named_effects(present, named))


def main(argv: list[str] | None = None) -> None:
    """Write results/probes.json. Pairs are drawn for licensed archives too, whose own cues are not known."""
    argparse.ArgumentParser(description=__doc__).parse_args(argv)
    params = config.load("threads", "training", "probes", "evaluation")
    backbones.use_threads(params.threads)
    bounds, seed, prompt = params.probes, params.evaluation.seed, params.training.prompt
    model, processor = backbones.load(params.training.backbone, backbones.device())
    model.eval()

    def states(images: Sequence[Image.Image]) -> dict[str, np.ndarray]:
        return pooled_states(model, processor, images, prompt, BATCH)

    with np.load(paths.PROBE_PAIRS) as pairs:
        without, present = (states([Image.fromarray(picture) for picture in pairs[part]]) for part in ("without", "present"))
        cues, fitted, invisible = pairs["cue"], pairs["is_fitted"], ~pairs["is_visible"]

    faces = [face for face in table.read_all(paths.FACES, Face) if face.split in ("train", "test")]
    images = [crops.read_crop(paths.CROPS, face.crop, face.crop_sha256) for face in faces]
    labels, splits = np.array([int(face.label) for face in faces]), np.array([face.split for face in faces])
    of_faces, shown = states(images), cues_of(faces)
    sites = {}
    with threadpoolctl.threadpool_limits(params.threads):
        for site in SITES:
            of_site = probes.PairStates(cues, fitted, without[site], present[site])
            sites[site] = probes.at_site(of_site, probes.FaceStates(of_faces[site], labels, shown, splits), seed)
    probed = next(iter(sites.values())).cues  # the same at every site
    asked = LanguageModel(model, processor, prompt, params.training.max_caption_tokens)
    preferred = preferences(asked, images)
    datasets = np.array([face.dataset for face in faces])
    tests = {name: (datasets == name) & (splits == "test") for name in dict.fromkeys(datasets.tolist())}
    report = Probes(
        tested_pairs={cue: int(((cues == cue) & ~fitted).sum()) for cue in probed},
        invisible_pairs={cue: float(invisible[(cues == cue) & ~fitted].mean()) for cue in probed},
        sites=sites,
        reading=read_new_pictures(asked),
        zero_shot_auc={
            name: shortcuts.auc(labels[own], preferred[own]) for name, own in tests.items() if len(set(labels[own])) > 1
        },
        bounds=bounds,
    )
    results.write(paths.PROBES, report, params.evaluation.digits)
    for site, entry in sites.items():
        ordered = np.mean([probe.pairs for probe in entry.cues.values()])
        attacks = "none, too few faces" if entry.attack_auc is None else f"{entry.attack_auc:.3f}"
        print(f"probes: {site}: pairs ordered rightly {ordered:.3f}, AUC of attacks {attacks}")
    effects = report.reading.effects
    print(f"probes: of new stills, effects named {effects.recall:.3f}, by the text about another {effects.another_recall:.3f}")


if __name__ == "__main__":
    stages.run(main)
