from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml

from fasrepro import records
from fasrepro.records import Explanation, Judgement, Verdict
from fasrepro.stages import judge

ROOT = Path(__file__).parents[2]
TEXTS = ["Fine skin. This is a bona fide face.", "Dots. This is a presentation attack.", "A person with brown hair", ""]


def test_every_reader_judges_every_explanation_of_every_job_and_again_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    params = yaml.safe_load((ROOT / "params.yaml").read_text())
    params["simulated"]["reader_error"] = 0.0
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params))
    jobs = {f"oci_m-{run}": {"protocol": "oci_m", "run": run, "seeds": [0], "trainset": "t"} for run in ("vanilla", "label_only")}
    (tmp_path / "jobs.yaml").write_text(yaml.safe_dump({"jobs": jobs, "trainsets": {}}))
    for name, job in jobs.items():
        rows = [Explanation("oci_m", job["run"], 0, f"msu/x{n}#0004", text, 9, True) for n, text in enumerate(TEXTS)]
        records.write(tmp_path / "results" / "predictions" / name / "explanations.parquet", rows, Explanation)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("FASREPRO_STORE", raising=False)
    judge.main([])
    path = tmp_path / "results" / "judgements.parquet"
    first, rows = path.read_bytes(), records.read(path, Judgement)
    assert len(rows) == 2 * 2 * len(TEXTS)
    for reader in ("lexical", "api"):
        for run in ("vanilla", "label_only"):
            verdicts = [row.verdict for row in rows if (row.reader, row.run) == (reader, run)]
            assert verdicts == [Verdict.BONA_FIDE, Verdict.ATTACK, Verdict.UNDECIDED, Verdict.UNDECIDED]
    shutil.rmtree(tmp_path / ".store")
    judge.main([])
    assert path.read_bytes() == first

    (tmp_path / "results" / "predictions" / "oci_m-vanilla" / "explanations.parquet").unlink()
    with pytest.raises(records.RecordError, match=r"oci_m-vanilla/explanations\.parquet: no such table"):
        judge.main([])
