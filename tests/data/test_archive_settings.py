"""params.yaml's archives: formats, and data sets that a manifest brings."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from fasrepro import config
from fasrepro.commands import jobs
from fasrepro.datasets import DATASETS, PUBLISHED, TITLES

ROOT = Path(__file__).parents[2]
OURS = {"title": "Our faces", "media": "image"}


@pytest.fixture(autouse=True)
def known_data_sets_alone() -> Any:
    yield
    config.load("threads", path=ROOT / "params.yaml")


def written(folder: Path, **changes: Any) -> Path:
    params = config.read_yaml(ROOT / "params.yaml")
    params["archives"] |= {"source": "licensed", **changes}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return folder / "params.yaml"


def test_a_described_data_set_is_known_while_its_params_are_loaded(tmp_path: Path) -> None:
    path = written(tmp_path, datasets={"msu": {}, "ours": {}}, formats={"ours": "ours.csv"}, described={"ours": OURS})
    assert config.load("archives", path=path).archives.formats == {"ours": "ours.csv"}
    assert (DATASETS["ours"].title, DATASETS["ours"].letter, DATASETS["ours"].media) == ("Our faces", "", "image")
    assert TITLES["ours"] == "Our faces"
    config.load("threads", path=ROOT / "params.yaml")
    assert tuple(DATASETS) == tuple(TITLES) == PUBLISHED


def test_a_protocol_may_name_a_described_data_set(tmp_path: Path) -> None:
    path = written(tmp_path, formats={"ours": "ours.csv"}, described={"ours": OURS})
    params = yaml.safe_load(path.read_text())
    params["archives"]["datasets"]["ours"] = {}
    params["protocols"] = {"ours_to_msu": {"train": ["ours"], "test": ["msu"]}}
    first = next(iter(params["experiments"].values()))
    first["protocols"] = [*first["protocols"], "ours_to_msu"]
    path.write_text(yaml.safe_dump(params))
    assert "ours_to_msu: {test: [msu], train: [ours]}" in jobs.text(
        path
    ) or "ours_to_msu: {train: [ours], test: [msu]}" in jobs.text(path)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": "synthetic", "formats": {"msu": "crops"}}, r"archives\.formats: of licensed archives alone"),
        ({"formats": {"msuu": "crops"}}, r"archives\.formats: unknown data set 'msuu'\. Did you mean 'msu'"),
        ({"formats": {"msu": "crop"}}, r"formats\.msu: 'crop' is neither crops nor the path of a \.csv file"),
        ({"formats": {"ours": "crops"}}, r"formats\.ours: crops are of a known data set; describe these with a manifest"),
        ({"formats": {"ours": "o.csv"}}, r"formats\.ours: not a known data set; give its title under archives\.described\.ours"),
        ({"described": {"msu": OURS}}, r"described\.msu: the data set is known; remove its description"),
        ({"described": {"ours": OURS}}, r"described\.ours: name its manifest under archives\.formats"),
        ({"described": {"Our/s": OURS}}, r"described\.Our/s: a name takes small letters, digits and underscores"),
        (
            {"formats": {"ours": "o.csv"}, "described": {"ours": {**OURS, "media": "images"}}},
            r"described\.ours: unknown media 'images'\. Did you mean 'image'",
        ),
        (
            {"formats": {"ours": "o.csv"}, "described": {"ours": {**OURS, "letter": "x"}}},
            r"described\.ours: letters are of known",
        ),
        ({"formats": {"ours": "o.csv"}, "described": {"ours": {}}}, r"archives\.described\.ours: missing title"),
    ],
)
def test_settings_that_cannot_be_are_errors(changes: dict[str, Any], message: str, tmp_path: Path) -> None:
    path = written(tmp_path, datasets={"msu": {}, "ours": {}}, **changes)
    with pytest.raises(ValueError, match=message):
        config.load("threads", path=path)
