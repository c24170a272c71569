"""A trained job as a folder that stands alone: weights, processor, head, `fasrepro.json` and a model card."""

from __future__ import annotations

import dataclasses
import importlib.metadata
import shutil
from pathlib import Path

from safetensors.torch import load_file
from transformers import PreTrainedModel, ProcessorMixin

import fasrepro
from fasrepro import files, hashing, names, schema
from fasrepro.data import cropping
from fasrepro.data.settings import IndexSettings
from fasrepro.models import backbones, scoring, sites, vlm
from fasrepro.models.backbones import BackboneError
from fasrepro.models.scoring import Scorer
from fasrepro.models.vlm import FasVlm

ABOUT = "fasrepro.json"
FORMAT = 1
BACKBONE = "backbone"  # a folder backbone goes along; one from a hub is named
CHECKPOINT_FILES = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model")  # of a folder backbone; copied, so hashes stay
ADAPTER, MERGED = "adapter", "merged"
PACKAGES = ("torch", "transformers", "peft", "pillow", "opencv-python-headless", "av")
MEANING = "p_attack in [0, 1]; an attack scores at least the threshold; no calibrated probability"


@dataclasses.dataclass(frozen=True)
class About:
    """What `fasrepro.json` says of the exported model.

    Args:
        format: version of this file.
        job: that was exported.
        form: "adapter" (what training changed, to be put on the backbone) or "merged" (one checkpoint).
        backbone: that the job was trained from.
        backbone_sha256: of its weights; of one from a hub, its commit.
        backbone_revision: commit of a backbone from a hub; "" for a folder.
        index: which frames of a video are taken, and how faces are cropped.
        prompt: the student prompt, also of explanations.
        score_by: "head" or "answer".
        score_means: polarity and range.
        threshold: from which a score is called an attack, for the mean over a video's frames and for a picture.
        threshold_datasets: the data sets whose dev people it was chosen on.
        dev_quantiles: of the dev scores by video, by label: share -> score.
        training_datasets: whose train people the model saw.
        data: what these data are.
        licence: of the weights.
        explains: whether the model was trained to write explanations.
        max_new_tokens: longest explanation.
        image_backend: class of the image processor.
        versions: of the packages that the export was made with.
        files: SHA-256 of each weight file, and of what says where they belong.
    """

    format: int
    job: str
    form: str
    backbone: str
    backbone_sha256: str
    backbone_revision: str
    index: IndexSettings
    prompt: str
    score_by: str
    score_means: str
    threshold: float
    threshold_datasets: list[str]
    dev_quantiles: dict[str, dict[str, float]]
    training_datasets: list[str]
    data: str
    licence: str
    explains: bool
    max_new_tokens: int
    image_backend: str
    versions: dict[str, str]
    files: dict[str, str]


@dataclasses.dataclass(frozen=True)
class Loaded:
    """An exported model, ready to score: its description, its scorer, and what explanations are generated with."""

    about: About
    model: FasVlm
    processor: ProcessorMixin
    scorer: Scorer


def versions() -> dict[str, str]:
    """Return the versions of this project and of the packages that can change a score."""
    return {"fasrepro": fasrepro.__version__} | {name: importlib.metadata.version(name) for name in PACKAGES}


def copy_weights(trained: Path, folder: Path, form: str) -> None:
    """Write a trained checkpoint's weights and processor to `folder`, in the form `ADAPTER` or `MERGED`.

    Raises:
        BackboneError: where a part is missing, or the backbone is no longer the one that the checkpoint was trained from.
    """
    own = vlm.read_made_of(trained)
    vlm.check_backbone(own, own.backbone)
    folder.mkdir(parents=True, exist_ok=True)
    if form == MERGED:
        vlm.merge(own.backbone, trained, folder)
        parts: tuple[str, ...] = (vlm.HEAD_FILE, vlm.MADE_OF)
    else:
        parts = (vlm.ADAPTER_FILE, vlm.ADAPTER_CONFIG, vlm.WEIGHTS_FILE, vlm.HEAD_FILE, vlm.MADE_OF)
        backbones.load_processor(own.backbone).save_pretrained(folder)
        for pattern in CHECKPOINT_FILES:
            for path in sorted(Path(own.backbone).glob(pattern)):
                (folder / BACKBONE).mkdir(exist_ok=True)
                shutil.copyfile(path, folder / BACKBONE / path.name)
    for name in parts:
        if (trained / name).is_file():
            shutil.copyfile(trained / name, folder / name)


def weight_hashes(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every safetensors file below `folder`, and of what says where they belong, by relative path."""
    named = [path for path in (folder / vlm.MADE_OF, folder / vlm.ADAPTER_CONFIG) if path.is_file()]
    return {str(path.relative_to(folder)): hashing.sha256_file(path) for path in [*sorted(folder.rglob("*.safetensors")), *named]}


def identity(about: About) -> str:
    """Return a hash of all that the model's scores of a picture depend on; the same job exported again has the same."""
    parts = (about.files, dataclasses.asdict(about.index), about.prompt, about.score_by, about.image_backend)
    return hashing.sha256_json(parts)


def write_about(folder: Path, about: About) -> None:
    """Write `fasrepro.json`."""
    files.write_json(folder / ABOUT, dataclasses.asdict(about))


def read_about(folder: Path) -> About:
    """Read `fasrepro.json`. Raises `BackboneError` where it is missing, broken or of another format."""
    path = folder / ABOUT
    if not path.is_file():
        raise BackboneError(f"{folder}: no {ABOUT}; `fasrepro export JOB --to {folder}` writes such a folder")
    content = files.read_json(path)
    version = content.get("format") if isinstance(content, dict) else None
    if version != FORMAT:
        raise BackboneError(f"{path}: format {version!r}, but this version reads {FORMAT}; export the job again")
    return schema.build(About, content, str(path))


def load(folder: Path) -> Loaded:
    """Load an exported model.

    Raises:
        BackboneError: a file is missing or its hash differs, the folder's parts contradict each other or hold code, or the
            backbone is another one than the job was trained from.
    """
    about = read_about(folder)
    _check_no_code(folder)
    for name, expected in about.files.items():
        if not (folder / name).is_file():
            raise BackboneError(f"{folder}: no {name}; export the job again")
        if hashing.sha256_file(folder / name) != expected:
            raise BackboneError(f"{folder / name}: not the file that {ABOUT} names (its SHA-256 differs); export the job again")
    own = vlm.read_made_of(folder)
    _check_parts(folder, about, own)
    device = backbones.device()
    if about.form == MERGED:
        base, processor = backbones.load(str(folder), device)
        model = _with_head(base, folder, own.head_site)
    else:
        backbone = str(folder / BACKBONE) if (folder / BACKBONE).is_dir() else _of_hub(about)
        vlm.check_backbone(own, backbone)
        base, processor = backbones.load(backbone, device)
        model = vlm.load(base, folder, own)
    if vlm.image_backend(processor) != about.image_backend:
        raise BackboneError(
            f"{folder}: its scores are of the image processor {about.image_backend}, but this environment loads"
            f" {vlm.image_backend(processor)}, which gives other pixels; install the packages of {ABOUT}"
        )
    sites.check(base, processor, own.head_site, own.prompt)
    return Loaded(about, model, processor, scoring.scorer(model, processor, own))


def _of_hub(about: About) -> str:
    """Return a backbone's hub id at the commit that the job was trained on."""
    name, _ = backbones.split_revision(about.backbone)
    return f"{name}@{about.backbone_revision}" if about.backbone_revision else about.backbone


def _check_no_code(folder: Path) -> None:
    """Raise `BackboneError` for code, or a file that asks for some: nothing of it would be run, and the scores be others."""
    for path in sorted(folder.rglob("*")):
        asks = path.suffix == ".json" and '"auto_map"' in path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".py" or asks:
            raise BackboneError(f"{path}: code of a checkpoint is never run; export a model whose classes transformers brings")


def _check_parts(folder: Path, about: About, own: vlm.MadeOf) -> None:
    """Raise `BackboneError` where `fasrepro.json` is not of the checkpoint beside it, or names what this version lacks."""
    names.lookup(cropping.CROPS, about.index.crop, "crop", BackboneError, f"{folder / ABOUT}, index")
    if about.form not in (ADAPTER, MERGED):
        raise BackboneError(f"{folder / ABOUT}: form {about.form!r} is none of {ADAPTER}, {MERGED}; export the job again")
    pairs = {
        "backbone": (about.backbone, own.backbone),
        "backbone_sha256": (about.backbone_sha256, own.backbone_sha256),
        "prompt": (about.prompt, own.prompt),
        "score_by": (about.score_by, own.score_by),
        "image_backend": (about.image_backend, own.image_backend),
        "crop": (about.index.crop, own.crop),
    }
    for name, (ours, theirs) in pairs.items():
        if ours != theirs:
            raise BackboneError(f"{folder}: {name} is {ours!r} in {ABOUT} and {theirs!r} in {vlm.MADE_OF}; export the job again")
    if own.head_site and vlm.HEAD_FILE not in about.files:
        raise BackboneError(f"{folder / ABOUT}: no hash of {vlm.HEAD_FILE}; export the job again")


def _with_head(base: PreTrainedModel, folder: Path, site: str) -> FasVlm:
    """Return a merged checkpoint with the head beside it, if it has one."""
    head = None
    if site:
        head = vlm.new_head(base, site)
        head.load_state_dict(load_file(folder / vlm.HEAD_FILE))
        head.to(base.device)
    return FasVlm(base, head, site).eval()
