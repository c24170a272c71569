"""What holds of every page: it renders alone from what it names, its text includes what it renders, and no number is typed."""

from __future__ import annotations

import ast
import dataclasses
import functools
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from fasrepro import config, crops
from fasrepro.evaluation.results import EncoderGains, Faithfulness, Grounding, Optimism, Unseen, VerdictAgreement
from fasrepro.evaluation.results.optimism import OptimismSettings
from fasrepro.evaluation.results.own_pictures import OwnPictures
from fasrepro.evaluation.results.training_losses import TrainingLosses
from fasrepro.report import (
    claims,
    contact_sheets,
    difficulty,
    foundation_trials,
    gallery,
    markdown,
    printing,
    published,
    recipe_trials,
)
from fasrepro.report.known_world import KnownWorld
from fasrepro.report.material import LOADERS, Material, Needs, PageError, by_face
from fasrepro.report.pages import PAGES
from fasrepro.stages import report as stage
from tests.layout import ROOT
from tests.report import groups, test_encoder_pairs
from tests.report.pages import (
    test_audit,
    test_baselines,
    test_calibration,
    test_caption_model,
    test_captions,
    test_encoder,
    test_foundation,
    test_read_outs,
)
from tests.report.samples import DRAWN, settings

BOOK = ROOT / "book"
NOTE = "_generated/index/note.md"


def text_of(page: str) -> str:
    return (BOOK / f"{page}.md").read_text(encoding="utf-8")


def included(page: str) -> set[str]:
    """Return what a page's text includes, as `<page>/<fragment>`."""
    return set(re.findall(r"_generated/([\w/]+)\.md", text_of(page)))


@pytest.fixture(scope="module")
def params() -> dict[str, Any]:
    return vars(config.load(*stage.KEYS, path=ROOT / "params.yaml"))


@pytest.fixture
def inputs(world: SimpleNamespace, params: dict[str, Any], request: pytest.FixtureRequest) -> dict[str, Any]:
    """One small result of each kind; those of a kind are empty if the page's own test covers them."""
    given = {
        "metrics": world.metrics,
        "grounding": Grounding({}),
        "verdict_agreement": VerdictAgreement({}),
        "faithfulness": Faithfulness({}),
        "optimism": Optimism({}, [], None, OptimismSettings(settings().evaluation, 0.01)),
        "unseen": Unseen("reasoning", "vanilla", {}),
        "audit": request.getfixturevalue("audit"),
        "faces": by_face(world.faces),
        "truths": by_face(world.truths),
        "captions": {name: by_face(world.captions.get(name, [])) for name in params["captions"]},
        "caption_reports": {"vanilla": test_captions.report()},
        "index_reports": {},
        "scores": world.scores,
        "explanations": world.explanations,
        "judgements": world.judgements,
        "pairs": {},
        "pair_scores": [],
        "pair_explanations": [],
        "own_pictures": OwnPictures("", "", []),
        "world": KnownWorld({}, {}),
        "published": published.load(),
        "recorded": [],
        "difficulty": difficulty.load(),
        "calibration": test_calibration.RECORD,
        "probes": test_foundation.RECORD,
        "caption_models": test_caption_model.MODELS,
        "caption_detectors": test_caption_model.DETECTORS,
        "encoder_gains": gains_of(world),
        "read_out_figures": test_read_outs.READ,
        "fairness": groups.fairness(),
        "baselines": test_baselines.BASELINES,
        "training_losses": TrainingLosses({}),
        "pair_gains": test_encoder_pairs.PAIRS,
        "gold_report": None,
        "stills": [],
        "foundation_trials": foundation_trials.load(),
        "recipe_trials": recipe_trials.load(),
    }
    assert given.keys() == LOADERS.keys() - {"annotators"}  # that is for a notebook alone
    return given


audit = test_audit.audit


def gains_of(world: SimpleNamespace) -> EncoderGains:
    """Return gains with the map of one attack."""
    attack = next(face.face_id for face in world.faces if face.label)
    entry = test_encoder.entry()
    assert entry.saliency is not None
    maps = {score: {attack: one["f"]} for score, one in entry.saliency.maps.items()}
    saliency = dataclasses.replace(entry.saliency, regions={attack: entry.saliency.regions["f"]}, maps=maps)
    return EncoderGains({"oci_m-vanilla": dataclasses.replace(entry, saliency=saliency)}, test_encoder.SETTINGS)


def render(page: str, params: dict[str, Any], inputs: dict[str, Any], world: SimpleNamespace, folder: Path) -> dict[str, str]:
    words = stage.caption_words(params["captions"], params["annotator"])
    one = Material(params, PAGES[page].needs, folder, page, caption_words=words, releases=stage.releases(), loaded=inputs)
    one.pictures = lambda crops=None: gallery.Pictures(world.crops, folder / "faces", "x", DRAWN)  # type: ignore[method-assign]
    return PAGES[page].render(one)


def licensed(params: dict[str, Any], *printable: str) -> dict[str, Any]:
    archives = dataclasses.replace(params["archives"], source="licensed", printable=list(printable))
    return {**params, "archives": archives}


@pytest.mark.parametrize("printable", [(), ("msu",)])
def test_a_licensed_face_is_printed_on_no_page_unless_its_data_set_is_named(
    printable: tuple[str, ...],
    params: dict[str, Any],
    inputs: dict[str, Any],
    world: SimpleNamespace,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whatever a page prints of a face, it reads with `read_crop`; drawn faces show that this sees them."""
    printed: list[str] = []

    def reading(folder: Path, name: str, sha256: str) -> Any:
        printed.append(name.partition("/")[0])
        return crops.read_crop(folder, name, sha256)

    for module in (gallery, contact_sheets):
        monkeypatch.setattr(module, "read_crop", reading)

    def pages(params: dict[str, Any], folder: Path) -> dict[str, dict[str, str]]:
        printed.clear()
        fragments = {}
        for page in PAGES:
            one = Material(params, PAGES[page].needs, folder / page, page, loaded=dict(inputs))
            one.caption_words = stage.caption_words(params["captions"], params["annotator"])
            shown = functools.partial(gallery.Pictures, world.crops, folder / page / "faces", "x")
            one.pictures = lambda crops=None, one=one, shown=shown: shown(one.printing)  # type: ignore[method-assign]
            fragments[page] = PAGES[page].render(one)
        return fragments

    params = {**params, "captions": {name: params["captions"][name] for name in world.captions}}  # those that have captions
    inputs["captions"] = {name: by_face(rows) for name, rows in world.captions.items()}
    drawn = pages(params, tmp_path / "drawn")
    assert set(printed) == {"msu", "casia", "replay", "oulu"}
    assert printing.KEY not in "".join(text for page in drawn.values() for text in page.values())
    fragments = pages(licensed(params, *printable), tmp_path / "licensed")
    assert set(printed) == set(printable)
    copied = {path.name.partition("-")[0] for path in (tmp_path / "licensed").rglob("faces/*.png")}
    assert copied == set(printable)
    omitting = {"data": "contact_sheets", "world": "species", "captions": "captions", "explanations": "examples"}
    for page, fragment in omitting.items():
        assert "`archives.printable` does not say that the licence allows it" in fragments[page][fragment], page


@pytest.mark.parametrize("page", PAGES)
def test_a_page_renders_alone_from_what_it_names(
    page: str, params: dict[str, Any], inputs: dict[str, Any], world: SimpleNamespace, tmp_path: Path
) -> None:
    fragments = render(page, params, inputs, world, tmp_path / "a")
    assert fragments and all(text.strip() for text in fragments.values())
    again = render(page, params, inputs, world, tmp_path / "b")
    assert fragments == again
    drawn = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.png"))
    assert all((tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes() for path in drawn)


@pytest.mark.parametrize("page", PAGES)
def test_a_text_includes_every_fragment_of_its_page_and_only_existing_ones(
    page: str, params: dict[str, Any], inputs: dict[str, Any], world: SimpleNamespace, tmp_path: Path
) -> None:
    rendered = {f"{page}/{name}" for name in render(page, params, inputs, world, tmp_path)}
    own = {name for name in included(page) if name.startswith(f"{page}/")}
    assert own == rendered
    assert included(page) - own <= {"index/note", "index/provenance"}


@pytest.mark.parametrize("page", PAGES)
def test_a_text_substitutes_only_its_pages_own_values(
    page: str, params: dict[str, Any], inputs: dict[str, Any], world: SimpleNamespace
) -> None:
    one = Material(params, PAGES[page].needs, page=page, loaded=inputs)
    known = set(PAGES[page].values(one))
    for section in PAGES[page].needs.params:
        known |= set(markdown.substitutions(section, params[section]))
    known |= {"audit_vision_drop", "audit_vision_inside", "audit_vision_across"} if page == "audit" else set()
    assert set(re.findall(r"{{ (\w+) }}", text_of(page))) <= known


@pytest.mark.parametrize("page", PAGES)
def test_a_page_begins_with_its_question_and_its_answer(
    page: str, params: dict[str, Any], inputs: dict[str, Any], world: SimpleNamespace, tmp_path: Path
) -> None:
    body = re.sub(r"\A---.*?---\n", "", text_of(page), flags=re.DOTALL)
    fragments = render(page, params, inputs, world, tmp_path)
    body = body.replace(f"```{{include}} _generated/{page}/answer.md\n```", fragments.get("answer", ""))
    paragraphs = [line for line in body.splitlines() if line.strip()]
    assert paragraphs[0].startswith("# ")
    assert paragraphs[1].startswith("**Question.**")
    assert body.index("**Question.**") < body.index("**Answer.**") < body.index("**Method.**") < body.index("\n## ")


def test_every_page_has_its_text_and_every_text_is_in_the_contents() -> None:
    texts = {path.stem for path in BOOK.glob("*.md")}
    toc = config.read_yaml(BOOK / "_toc.yml")
    listed = {toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])}
    assert PAGES.keys() <= texts == listed
    assert not {name for name in texts - PAGES.keys() if included(name)}  # a page that shows nothing needs no module


def typed_numbers(text: str) -> list[str]:
    """Return the numbers with decimals or percents in prose; code, formulas, links and substitutions may hold any."""
    text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
    text = re.sub(r"`[^`]*`|\]\([^)]*\)|arXiv \S+|\{\{.*?\}\}", "", text)
    return re.findall(r"\b\d+\.\d+\b|\d+ ?%", text)


def test_no_number_is_typed_into_prose() -> None:
    for path in BOOK.glob("*.md"):
        assert not typed_numbers(path.read_text(encoding="utf-8")), path.name
    for path in (ROOT / "notebooks").rglob("*.ipynb"):
        cells = nbformat.read(path, as_version=4).cells
        assert not typed_numbers("\n".join(cell.source for cell in cells if cell.cell_type == "markdown")), path.name
    for claim in claims.CLAIMS:
        assert not re.findall(r"\d\.\d|\d ?%", re.sub(r"\{.*?\}", "", claim.text + claim.reason)), claim.id
    assert typed_numbers("HTER falls by 0.03, or 12 %") == ["0.03", "12 %"]


def test_a_page_may_not_read_what_it_does_not_name() -> None:
    one = Material({"runs": {}}, Needs(inputs=("metrics",)), page="data", loaded={"faces": {}})
    with pytest.raises(PageError, match="page data: faces is not among the inputs of its NEEDS"):
        one.faces  # noqa: B018
    with pytest.raises(AttributeError):
        one.params.runs  # noqa: B018
    with pytest.raises(PageError, match=r"unknown input 'face'\. Did you mean 'faces'"):
        Material({}).face  # noqa: B018


def test_needs_name_existing_inputs_and_params() -> None:
    for page in PAGES.values():
        assert set(page.needs.inputs) <= LOADERS.keys()
        assert set(page.needs.params) <= config.SECTIONS.keys()


def test_pages_read_no_yaml_and_no_config() -> None:
    for path in (ROOT / "fasrepro" / "report" / "pages").glob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom) for alias in node.names}
        assert not {"yaml", "config"} & names, path.name
