"""Published captions: read from small tables of the same columns, and joined to faces under their official names."""

from __future__ import annotations

import builtins
import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from fasrepro.archives import plan
from fasrepro.captions import published
from fasrepro.captions.published import PublishedError, Row
from fasrepro.captions.styles import STYLES
from fasrepro.rows import table
from fasrepro.rows.captions import Caption, Verdict
from fasrepro.rows.faces import Face, Label
from fasrepro.stages import annotate as stage
from tests.faces import face
from tests.layout import ROOT

VANILLA, REASONING = STYLES["vanilla"], STYLES["reasoning"]
TEXT = "The skin shows fine natural texture under the {} light and nothing around it looks flat."
STEPS = "\n".join(f"{number}. **{title}:** Some words about the face." for number, title in enumerate(REASONING.headings, 1))
SIZES = {
    "msu": {"train": 1, "test": 0},
    "casia": {"train": 1, "test": 0},
    "replay": {"train": 1, "devel": 0, "test": 0},
    "oulu": {"train": 1, "dev": 0, "test": 0, "phones": 1, "sessions": 1},
}
# One video of each class of each source, as the publication names it.
NAMES = {
    "MSU-MFSD": ("real_client001_android_SD_scene01", "attack_client001_laptop_SD_ipad_video_scene01"),
    "CASIA": ("1_NM_2", "1_HR_4"),
    "IDIAP": (
        "real_client001_session01_webcam_authenticate_adverse_2",
        "hand_attack_print_client001_session01_highdef_photo_adverse",
    ),
    "OULU-NPU": ("1_1_01_1", "1_1_01_4"),
}


def published_row(number: int, source: str, directory: str, spoof: int, text: str = "", **more: Any) -> dict[str, Any]:
    return {
        "id": str(number),
        "source": source,
        "original_dir": directory,
        "image": None,
        "spoof": spoof,
        "attack_type": "",
        "gpt_caption_holistic": text or TEXT.format(number),
        "prompt": "Explain.",
        **more,
    }


def pairs() -> list[dict[str, Any]]:
    """Return two rows of each video of `NAMES`, ids from 8 on, so that their order is not that of their letters."""
    videos = [(source, name, spoof) for source, both in NAMES.items() for spoof, name in enumerate(both)]
    return [published_row(8 + number, *videos[number // 2]) for number in range(2 * len(videos))]


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    columns = pa.Table.from_pylist(rows)
    if "spoof" in columns.column_names:
        place = columns.column_names.index("spoof")
        columns = columns.set_column(place, "spoof", columns["spoof"].cast(pa.int32()))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(columns, path)
    return path


def faces() -> list[Face]:
    """Return two faces of each official video of one train person of each archive."""
    shown = [presentation for name, size in SIZES.items() for presentation in plan(name, size)]
    return [face(one.id, one.species, frame, split=one.split) for one in shown for frame in (20, 4)]


def row(number: int, **changes: Any) -> Row:
    values = {"source": "MSU-MFSD", "directory": NAMES["MSU-MFSD"][0], "label": Label.BONA_FIDE, "prompt": ""}
    return Row(place=f"row {number}", id=str(number), **{"text": TEXT.format(number), **values, **changes})


def repository(folder: Path) -> Path:
    """Write a `datasets` repository of two configs, as the hub holds it."""
    write(folder / "MCIO" / "train-00000.parquet", pairs())
    write(folder / "MIC" / "train-00000.parquet", pairs()[:4])
    configs = [{"config_name": name, "data_files": [{"split": "train", "path": f"{name}/*.parquet"}]} for name in ("MCIO", "MIC")]
    (folder / "README.md").write_text(f"---\n{yaml.safe_dump({'configs': configs})}---\n")
    return folder


def test_every_source_is_joined_by_its_official_names(tmp_path: Path) -> None:
    captions, report, notices = published.join(published.read(str(write(tmp_path / "t.parquet", pairs()))), faces(), VANILLA)
    assert len(captions) == 16 and notices == []
    by_face = {caption.face_id: caption for caption in captions}
    assert by_face["casia/train_release/1/2#0004"].text == f"{TEXT.format(12)} This is a bona fide face."
    assert by_face["casia/train_release/1/2#0020"].text == f"{TEXT.format(13)} This is a bona fide face."
    assert (
        by_face["replay/train/attack/hand/attack_print_client001_session01_highdef_photo_adverse#0020"].verdict is Verdict.ATTACK
    )
    assert {caption.model for caption in captions} == {"published"}
    assert report["published"]["rows"] == 16 and report["published"]["verdicts_added"] == 16
    assert report["published"]["not_joined"] == report["published"]["left_out"] == {}
    assert (report["captions"], report["failed"], report["verdict_agreement"]) == (16, {}, 1.0)


def test_rows_go_to_frames_in_the_order_of_ids_by_value() -> None:
    captions, _, _ = published.join([row(10), row(9)], faces(), VANILLA)
    assert [(caption.face_id.partition("#")[2], caption.request_key) for caption in captions] == [("0004", "9"), ("0020", "10")]


@pytest.mark.parametrize(
    ("rows", "ambiguous"),
    [
        ([row(1), row(2)], 2),
        ([row(1, text=TEXT.format("soft")), row(2, text=TEXT.format("soft"))], 0),  # whichever frame it was, the text is the same
        ([row(1)], 1),  # of either frame
    ],
)
def test_a_caption_whose_frame_is_not_known_is_marked(rows: list[Row], ambiguous: int) -> None:
    captions, report, _ = published.join(rows, faces(), VANILLA)
    assert sum(map(published.is_ambiguous, captions)) == ambiguous == report["published"]["frame_ambiguous"]


def test_rows_without_a_face_are_counted_by_reason_and_named() -> None:
    others = [
        row(3, source="SiW"),
        row(4, directory="real_client002_android_SD_scene01"),
        row(5, source="OULU-NPU", directory="1_1_01_1"),
        row(6, directory=NAMES["MSU-MFSD"][1]),  # an attack, published as live
        row(7, directory=NAMES["MSU-MFSD"][0]),  # the third row of a video of two faces
    ]
    of_msu = [one for one in faces() if one.dataset == "msu"]
    captions, report, notices = published.join([row(1), row(2), *others], of_msu, VANILLA)
    assert [caption.request_key for caption in captions] == ["1", "2"]
    assert report["published"]["not_joined"] == {
        "more captions than faces of the video": 1,
        "no train faces of OULU-NPU": 1,
        "no train video of that name": 1,
        "the archive has another label": 1,
        "unknown source 'SiW'": 1,
    }
    assert "1 published captions have no face here (no train video of that name): row 4" in notices


def test_texts_that_are_no_captions_of_the_style_are_left_out_and_counted() -> None:
    rows = [row(1, text=STEPS), row(2, text=STEPS.replace("Context", "Setting"))]
    captions, report, notices = published.join(rows, faces(), REASONING)
    (caption,) = captions
    assert caption.text.startswith("Initial observation: Some words") and caption.text.endswith("This is a bona fide face.")
    assert report["published"]["left_out"] == {"format": 1}
    assert notices == ["1 published captions are no captions of this style (format): row 2"]


def test_a_refusal_is_no_caption() -> None:
    rows = [row(1), row(2, text="I'm sorry, but I can't help with identifying people in images.")]
    _, report, _ = published.join(rows, faces(), VANILLA)
    assert report["published"]["left_out"] == {"refusal": 1}


def test_a_verdict_of_its_own_is_kept_and_one_against_the_label_left_out() -> None:
    stated = f"{TEXT.format(1)} This is a bona fide face."
    wrong = f"{TEXT.format(2)} This is a presentation attack."
    captions, report, _ = published.join([row(1, text=stated), row(2, text=wrong)], faces(), VANILLA)
    assert [caption.text for caption in captions] == [stated]
    assert report["published"]["left_out"] == {"contradicts the label": 1}
    assert report["published"]["verdicts_added"] == 0


def test_people_win_over_published_captions() -> None:
    captions, _, _ = published.join([row(1), row(2)], faces(), VANILLA)
    edit = Caption(captions[0].face_id, "vanilla", "By hand.", Verdict.BONA_FIDE, "v", "people", True, 1, "")
    edited, report, _ = published.join([row(1), row(2)], faces(), VANILLA, edits={edit.face_id: edit})
    assert edited == [edit, captions[1]] and report["captions"] == 2


def test_a_table_that_gives_no_caption_at_all_is_an_error() -> None:
    with pytest.raises(PublishedError, match=r"none of 1 published captions can be used: 1 .* \(unknown source 'X'\): row 1"):
        published.join([row(1, source="X")], faces(), VANILLA)


def test_a_folder_of_parquet_and_a_datasets_repository_hold_the_same_rows(tmp_path: Path) -> None:
    folder = repository(tmp_path / "repository")
    whole = published.read(str(folder), "MCIO")
    assert [(one.id, one.text) for one in whole] == [(one["id"], one["gpt_caption_holistic"]) for one in pairs()]
    assert len(published.read(str(folder), "MIC")) == 4
    assert [one.text for one in published.read(str(folder / "MCIO"))] == [one.text for one in whole]


def test_a_config_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(PublishedError, match=r"(?s)repository: .*MCOI.*'MCIO'.*; check `table`, `config` and `revision`"):
        published.read(str(repository(tmp_path / "repository")), "MCOI")


def test_without_the_library_a_repository_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    imported = builtins.__import__

    def without(name: str, *arguments: Any, **named: Any) -> Any:
        if name == "datasets":
            raise ImportError(name)
        return imported(name, *arguments, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    assert published.read(str(write(tmp_path / "t.parquet", pairs())))  # needs none
    with pytest.raises(PublishedError, match="pip install 'datasets"):
        published.read("someone/captions", "MCIO", "0c9b578")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"spoof": 2}, r"t\.parquet, row 0: spoof is 2, neither 0 \(live\) nor 1 \(spoof\)"),
        ({"spoof": None}, r"row 0: spoof is None"),
        ({"gpt_caption_holistic": None}, r"row 0: gpt_caption_holistic is None, not text"),
        ({"source": None}, r"row 0: source is None, not text"),
    ],
)
def test_a_row_that_cannot_be_is_named(change: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = write(tmp_path / "t.parquet", [{**pairs()[0], **change}, pairs()[1]])
    with pytest.raises(PublishedError, match=message):
        published.read(str(path))


def test_what_is_no_table_of_captions_is_named(tmp_path: Path) -> None:
    lacking = [{key: value for key, value in one.items() if key != "source"} for one in pairs()]
    with pytest.raises(PublishedError, match=r"no column source among id, original_dir"):
        published.read(str(write(tmp_path / "lacking.parquet", lacking)))
    (tmp_path / "page.parquet").write_text("<html>")
    with pytest.raises(PublishedError, match=r"page\.parquet: not a readable Parquet file"):
        published.read(str(tmp_path / "page.parquet"))
    (tmp_path / "empty").mkdir()
    with pytest.raises(PublishedError, match=r"empty: no Parquet file in this folder"):
        published.read(str(tmp_path / "empty"))
    with pytest.raises(PublishedError, match=r"nowhere\.parquet: no such file or folder"):
        published.read(str(tmp_path / "nowhere.parquet"))
    with pytest.raises(PublishedError, match="name the commit of this repository in `revision`"):
        published.read("DescriptiveFAS/MCIO_public", "MCIO")
    with pytest.raises(PublishedError, match="a file or folder here has no `revision`"):
        published.read(str(tmp_path), revision="0c9b578")


def test_the_stage_writes_a_published_set_like_any_other(
    world: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without truth, key or annotator: nobody is asked."""
    shutil.copytree(world.root / "results", tmp_path / "results")
    shutil.rmtree(tmp_path / "results" / "truth")
    monkeypatch.chdir(tmp_path)
    first = world.faces[0]
    rows = [published_row(1, "MSU-MFSD", first.presentation.rpartition("/")[2], 0), published_row(2, "MSU-MFSD", "other", 0)]
    write(tmp_path / "theirs.parquet", rows)
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["annotator"]["datasets"] = ["msu"]
    params["captions"]["theirs"] = {"style": "vanilla", "author": "published", "table": "theirs.parquet"}
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params, sort_keys=False))
    stage.main(["--set", "theirs"])
    output = capsys.readouterr()
    assert "theirs: 1 published captions have no face here (no train video of that name): theirs.parquet, row 1" in output.err
    assert "theirs: 1 captions of" in output.out
    (caption,) = table.read(tmp_path / "results" / "captions" / "theirs.parquet", Caption)
    assert (caption.face_id, caption.label_aware) == (first.face_id, True)
    report = json.loads((tmp_path / "results" / "captions_report" / "theirs.json").read_text())
    assert report["published"]["not_joined"] == {"no train video of that name": 1}
    assert not (tmp_path / ".store").exists()
