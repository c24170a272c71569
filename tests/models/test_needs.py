"""What the processors of families need beyond the lock, and what is said where it is missing."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from fasrepro.models import backbones, needs
from tests.layout import ROOT
from tests.test_dependencies import declared


def test_every_family_says_what_it_needs_and_the_extra_brings_it() -> None:
    assert needs.NEEDS.keys() == backbones.BACKBONES.keys()
    assert {package for packages in needs.NEEDS.values() for package in packages} == set(declared("vlm"))


def test_a_family_whose_packages_are_missing_is_refused_by_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "smolvlm"}), encoding="utf-8")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(backbones.BackboneError, match="smolvlm needs num2words and torchvision: pip install -r requirements-vlm"):
        backbones.load_processor(str(tmp_path))


def test_a_checkpoint_that_brings_its_own_code_is_refused(tmp_path: Path) -> None:
    code = {"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Model"}
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "own", "auto_map": code}), encoding="utf-8")
    (tmp_path / "own.py").write_text("raise SystemExit('this code ran')\n", encoding="utf-8")
    with pytest.raises(backbones.BackboneError, match=r"cannot be loaded .*custom code"):
        backbones.load(str(tmp_path))


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def test_a_backbone_of_a_hub_is_loaded_and_recorded_by_its_commit(checkpoint: Path, tmp_path: Path) -> None:
    repository = tmp_path / "hub" / "models--org--name"
    shutil.copytree(checkpoint, repository / "snapshots" / COMMIT)
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text(COMMIT, encoding="utf-8")
    code = (
        "from tests.torchvision_beside_cpu import without_operators; without_operators()\n"
        "import sys; from fasrepro.models import backbones; from tests.small_models import made_of\n"
        "for name in ('org/name', 'org/name@' + sys.argv[1]):\n"
        "    _, processor = backbones.load(name)\n"
        "    print(made_of(name, processor).backbone_sha256)\n"
        "try: backbones.load('org/name@other')\n"
        "except backbones.BackboneError as error: print(error)"
    )
    offline = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HUB_CACHE": str(tmp_path / "hub")}
    command = [sys.executable, "-c", code, COMMIT]
    said = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT, env=offline).stdout.splitlines()
    assert said[:2] == [COMMIT, COMMIT]
    assert said[2].startswith("backbone 'org/name@other' cannot be loaded")
