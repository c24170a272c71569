"""The page on explanations: agreement, grounding, faithfulness, and pairs of pictures."""

from __future__ import annotations

import html
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from fasrepro import crops, vocabulary
from fasrepro.evaluation.metrics import CUE_METRICS
from fasrepro.evaluation.results import Faithfulness, Grounding, VerdictAgreement
from fasrepro.evaluation.results.explanations import (
    CellAgreement,
    CellFaithfulness,
    CellGrounding,
    ChannelAgreement,
    CueFaithfulness,
    ExplanationCounts,
    GroundingCounts,
    PairCounts,
)
from fasrepro.evaluation.results.shared import FaceCounts
from fasrepro.report import gallery, tables
from fasrepro.report.pages import explanations as page
from fasrepro.rows.faces import Label
from fasrepro.rows.scores import Explanation, Score
from tests.report.conftest import cells
from tests.report.samples import DRAWN, PORTRAITS, RUNS, figure, material, place


def channel(accuracy: float, hter: float = 0.5, undecided: float = 0.125, **more: float) -> ChannelAgreement:
    values = {"accuracy": accuracy, "hter": hter, "undecided": undecided, **more}
    return ChannelAgreement(8, {name: figure(value) for name, value in values.items()})


def agreement(run: str, channels: dict[str, ChannelAgreement], unparsed: float | None = None) -> CellAgreement:
    return CellAgreement(**place("oci_m"), run=run, counts=ExplanationCounts(16, 4, 3), channels=channels, unparsed=unparsed)


AGREEMENT = VerdictAgreement(
    {
        "oci_m-reasoning": agreement(
            "reasoning",
            {
                "lexical": channel(0.75, 0.25, disagreement=0.25),
                "lexical_cut": channel(0.5, kappa=0.1),
                "lexical_flipped": channel(0.25, 0.75, kappa=-0.5),
                **dict.fromkeys(("api", "api_cut", "api_flipped"), channel(0.7, kappa=0.9)),
            },
            0.0625,
        ),
        "oci_m-vanilla": agreement(
            "vanilla",
            {"lexical": channel(0.0, disagreement=0.0), **dict.fromkeys(("lexical_cut", "lexical_flipped"), channel(0.0))},
        ),
        "oci_m-label_only": agreement(
            "label_only", dict.fromkeys(("lexical", "lexical_cut", "lexical_flipped"), channel(0.0, 1.0, 1.0))
        ),
    }
)


def test_each_reader_that_decides_has_a_row_in_the_order_of_the_runs() -> None:
    rows = cells(page.variant_table(AGREEMENT, RUNS, ["lexical", "api"]))[1:]
    assert [row[1:3] for row in rows] == [["vanilla", "lexical"], ["reasoning", "lexical"], ["reasoning", "api"]]
    assert [cell[:5] for cell in rows[1][3:]] == ["0.250", "0.500", "0.750", "0.125"]
    assert page.variant_table(VerdictAgreement({}), RUNS, ["lexical"]) == tables.NO_RESULTS


def test_kappas_are_of_whole_texts_and_unknown_ones_are_dashes() -> None:
    heading, vanilla, reasoning = cells(page.agreement_table(AGREEMENT, RUNS, "lexical"))
    assert heading[3:] == ["head and lexical disagree", "kappa, api and lexical", page.UNPARSED]
    assert vanilla[4:] == ["–", "–"]  # no reading by api, and captions without a form
    assert reasoning[5] == "0.062"


def grounding(cell: str, run: str, value: float | None) -> CellGrounding:
    own = {name: figure(value) for name in CUE_METRICS}
    sampler = {name: figure(0.25, 0.125) for name in CUE_METRICS}
    return CellGrounding(
        **place(cell), run=run, counts=GroundingCounts(16, 44, 8, 3), explained=own, sampler=sampler, difference=own
    )


def test_grounding_has_a_row_for_each_cell_in_the_order_of_the_runs() -> None:
    given = {
        "b": grounding("oci_m", "reasoning", 0.5),
        "a": grounding("oci_m", "vanilla", None),
        "c": grounding("ocm_i", "vanilla", 1),
    }
    rows = cells(page.grounding_table(given, ["vanilla", "reasoning"]))[1:]
    assert [row[:3] for row in rows] == [["oci_m", "vanilla", "44"], ["oci_m", "reasoning", "44"], ["ocm_i", "vanilla", "44"]]
    assert rows[0][3:6] == ["–"] * 3
    assert rows[1][5:8] == ["0.500 [0.500, 0.500]", "0.250 [0.125, 0.375]", "+0.500 [+0.500, +0.500]"]
    assert page.grounding_table({}, RUNS) == tables.NO_RESULTS


def test_on_dev_people_it_is_counted_how_often_a_run_names_cues_better_than_its_sampler() -> None:
    given = {"b": grounding("oci_m", "reasoning", 0.5), "a": grounding("oci_m", "vanilla", None)}
    given["c"] = grounding("ocm_i", "reasoning", -0.5)
    text = page.on_dev(Grounding({}, dev=given), RUNS)
    assert "for vanilla on 0 of 1 protocols, reasoning on 1 of 2 protocols." in text
    assert len(cells(text.split("\n\n", 1)[1])) == 4
    assert page.on_dev(Grounding({}), RUNS) == tables.NO_RESULTS


def faithfulness(cell: str, run: str, cues: dict[str, CueFaithfulness] | None = None) -> CellFaithfulness:
    one = CueFaithfulness(FaceCounts(3, 2), {name: figure(0.5, 0.1) for name in page.CUE_COLUMNS})
    figures = {name: figure(0.25, 0.1) for name in page.FAITHFULNESS_COLUMNS}
    by_cue = {"moire": one} if cues is None else cues
    return CellFaithfulness(**place(cell), run=run, counts=PairCounts(7, 4, 3), figures=figures, cues=by_cue)


FAITHFULNESS = Faithfulness({f"oci_m-{run}": faithfulness("oci_m", run) for run in ("vanilla", "label_only")})


def test_faithfulness_is_in_the_order_of_the_runs_and_without_pairs_says_so() -> None:
    rows = cells(page.faithfulness_table(FAITHFULNESS, RUNS))[1:]
    assert [row[1:4] for row in rows] == [["label_only", "7", "4"], ["vanilla", "7", "4"]]
    assert rows[0][4].startswith("+0.250")
    assert [row[2:4] for row in cells(page.faithfulness_table_by_cue(FAITHFULNESS, RUNS))[1:]] == [["moire", "3"]] * 2
    nothing = Faithfulness({})
    assert page.faithfulness_table(nothing, RUNS) == page.faithfulness_table_by_cue(nothing, RUNS) == page.NO_PAIRS


def test_the_figure_is_the_same_twice_and_not_drawn_without_pairs(tmp_path: Path) -> None:
    given = Faithfulness({**FAITHFULNESS.cells, "icm_o-vanilla": faithfulness("icm_o", "vanilla", {})})
    for copy in ("a", "b"):
        text = page.faithfulness_figure(material(tmp_path / copy, "explanations", faithfulness=given))
        assert "/_generated/explanations/figures/faithfulness.png" in text
    content = (tmp_path / "a/figures/faithfulness.png").read_bytes()
    assert content == (tmp_path / "b/figures/faithfulness.png").read_bytes()
    assert page.faithfulness_figure(material(tmp_path / "none", faithfulness=Faithfulness({}))) == page.NO_PAIRS
    assert not (tmp_path / "none").exists()


def test_pairs_are_shown_for_the_last_run_by_its_first_seed(world: SimpleNamespace, tmp_path: Path) -> None:
    face = next(one for one in world.faces if one.label is Label.ATTACK)
    pair = {"cue": "moire", **{part: {"face_id": f"{face.face_id}/{part}"} for part in ("without", "with")}}
    ids = [pair[part]["face_id"] for part in ("without", "with")]
    scores = [Score("oci_m", run, seed, name, 0.5) for run, seed in (("label_only", 0), ("vanilla", 3)) for name in ids]
    texts = [Explanation(row.protocol, row.run, row.seed, row.face_id, "A face.", 3, True) for row in scores]
    picture = gallery.Pictures(tmp_path, tmp_path, "x", PORTRAITS)
    shown = page.pair_examples({face.face_id: pair}, scores, texts, {face.face_id: face}, picture)
    assert shown.count("A face.") == 2
    assert page.pair_examples({}, scores, texts, {}, picture) == page.NO_PAIRS


@pytest.mark.parametrize("show", [True, False])
def test_in_a_pair_only_the_removed_cue_is_marked(world: SimpleNamespace, tmp_path: Path, show: bool) -> None:
    face = next(one for one in world.faces if one.label is Label.ATTACK)
    pair: dict[str, Any] = {"cue": "moire"}
    with crops.packed(tmp_path / "crops") as pack:
        for part in ("without", "with"):
            data, sha = crops.encode(np.full((12, 10, 3), 90 if part == "with" else 30, np.uint8))
            pack(f"{face.dataset}/{part}.png", data)
            pair[part] = {"face_id": f"{face.face_id}/{part}", "crop": f"{face.dataset}/{part}.png", "crop_sha256": sha}
    phrase, other = vocabulary.CUES["moire"].phrasings[0], vocabulary.CUES["bezel"].phrasings[0]
    texts = [
        Explanation("oci_m", "vanilla", 0, pair["without"]["face_id"], f"I see {phrase}. <script>", 9, True),
        Explanation("oci_m", "vanilla", 0, pair["with"]["face_id"], f"I see {phrase} and {other}.", 9, True),
    ]
    scores = [Score("oci_m", "vanilla", 0, text.face_id, 0.25) for text in texts]
    picture = gallery.Pictures(tmp_path / "crops", tmp_path / "faces", "x", DRAWN if show else PORTRAITS)
    text = page.pair_examples({face.face_id: pair}, scores, texts, {face.face_id: face}, picture)
    assert text.count('<mark class="cue-present">') == text.count('<mark class="cue-absent">') == 1
    assert other in html.unescape(text)  # named, but not the removed cue
    assert "<script>" not in text
    assert text.count("score 0.250") == 2
    assert len(list((tmp_path / "faces").glob("*.png"))) == (2 if show else 0)
