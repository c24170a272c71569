"""`fasrepro rescore` from the command line."""

from __future__ import annotations

import io
import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from fasrepro import cli, hashing
from fasrepro.commands import rescore
from fasrepro.report import published

QUICK = ["--replicates", "30"]
# At the threshold 1.5 of dev: one of two bona fide videos is called an attack, one of two prints passes.
SCORES = """\
split,label,score,video,subject,species
dev,bona_fide,0,v0,s0,
dev,bona_fide,1,v1,s1,
dev,attack,2,v2,s0,print
dev,attack,3,v3,s1,print
test,bona_fide,-1,v4,s2,
test,bona_fide,1.0,v5,s3,
test,bona_fide,2.6,v5,s3,
test,attack,1.2,v6,s2,print
test,attack,3.0,v7,s3,print
test,attack,2.0,v8,s2,replay
test,attack,4.0,v9,s3,replay
"""


@pytest.fixture
def scores(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = Path("scores.csv")
    path.write_text(SCORES, encoding="utf-8")
    return path


def lines_of(out: str) -> dict[str, list[str]]:
    """Return the words behind each line's name: value, interval and remark."""
    rows = [line.strip().split("  ") for line in out.splitlines() if line.startswith("  ")]
    return {name: [word.strip() for word in words if word.strip()] for name, *words in rows}


@pytest.mark.usefixtures("scores")
def test_the_report_separates_honest_from_oracle_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "scores.csv", *QUICK]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    values = {name: words[0] for name, words in lines_of(out).items() if words}
    expected = {
        "HTER": "37.50",
        "APCER, print": "50.00",
        "APCER, replay": "0.00",
        "APCER, maximum of the species": "50.00",
        "APCER, pooled": "25.00",
        "BPCER": "50.00",
        "ACER, of the maximum and BPCER": "50.00",
        "AUC": "87.50",
        "oracle HTER, best threshold": "12.50",
        "oracle EER": "12.50",
        "oracle BPCER at APCER <= 1 %": "50.00",
        "oracle APCER at BPCER <= 1 %": "25.00",
        "BPCER10": "50.00",
        "BPCER20": "50.00",
        "BPCER100": "50.00",
        "HTER, dev minus oracle, points": "+25.00",
        "HTER, first row of each video": "12.50",
        "first row minus mean, points": "-25.00",
    }
    assert {name: values[name] for name in expected} == expected
    assert "an attack scores at least 1.5" in out
    assert "EER on dev: 0.00" in out
    assert "dev APCER <= 10 %, threshold 1.5; worst APCER on test there: 50.00" in out
    assert '"TPR@FPR=1 %" if bona fide is positive, so FPR is APCER: 50.00; at most 0 of 4 attacks wrong' in out
    assert '"TPR@FPR=1 %" if attack is positive, so FPR is BPCER: 75.00; at most 0 of 2 bona fide wrong' in out
    assert "test  6 videos of 7 rows: 2 bona fide, 4 attack, 2 subjects" in out
    # Figures chosen on test come below the word ORACLE, and each line bears it.
    assert out.index("ORACLE") < out.index("oracle HTER") < out.index("How optimistic")


def test_an_exported_folder_stands_for_its_scores(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", str(scores), *QUICK]) == 0
    of_file = capsys.readouterr().out
    assert cli.main(["rescore", str(scores.parent), *QUICK]) == 0
    assert capsys.readouterr().out == of_file
    scores.unlink()
    assert cli.main(["rescore", str(scores.parent), *QUICK]) == 1
    assert "scores.csv: no such file; name a file of scores, or a folder that `fasrepro export` wrote" in capsys.readouterr().err


@pytest.mark.usefixtures("scores")
def test_values_are_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    cli.main(["rescore", "scores.csv", *QUICK])
    lines = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  ") and line.endswith("]")]
    assert len({line.index("[") for line in lines}) > 1  # intervals are set to the right
    apart = ("on dev", "[D]", "[2]")
    assert {len(line) for line in lines if not any(word in line for word in apart)} == {len(lines[-1])}


@pytest.mark.usefixtures("scores")
def test_the_published_pair_has_its_source_and_marks(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    figures = published.load()
    oracle, dev = (figures[rescore.PUBLISHED_PAIR[name]] for name in ("oracle", "dev"))
    cli.main(["rescore", "scores.csv", *QUICK])
    out = capsys.readouterr().out
    for figure in (oracle, dev):
        assert f"{figure.method}: {figure.shown}" in out
        assert figure.source in out
    assert f"{100 * (dev.share - oracle.share):+.2f} [D]" in out
    source = Path(rescore.__file__).read_text(encoding="utf-8")
    assert not [figure for figure in (oracle, dev) if f"{figure.value:.2f}" in source]


def test_the_json_file_holds_every_figure(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "scores.csv", *QUICK, "--json", "out/report.json"]) == 0
    report = json.loads(Path("out/report.json").read_text(encoding="utf-8"))
    assert report["at_dev_threshold"]["hter_dev"]["value"] == 0.375
    assert report["oracle"]["oracle_hter"]["value"] == 0.125
    assert report["dev"]["threshold"] == 1.5
    assert report["settings"]["replicates"] == 30
    assert report["oracle"]["at_limits"][0]["bpcer_at_apcer"]["value"] == 0.5
    assert report["at_dev_apcer"]["bpcer10"]["threshold"] == 1.5
    assert report["scores"] == [{"file": "scores.csv", "sha256": hashing.sha256_file(scores), "split": None}]
    assert report["published"]["dev"]["evidence"] == published.load()[rescore.PUBLISHED_PAIR["dev"]].evidence
    assert [path.name for path in Path("out").iterdir()] == ["report.json"]
    first = Path("out/report.json").read_bytes()
    cli.main(["rescore", "scores.csv", *QUICK, "--json", "out/report.json"])
    assert Path("out/report.json").read_bytes() == first


def test_the_file_of_scores_is_never_overwritten(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "scores.csv", "--json", "./scores.csv"]) == 1
    assert "that is the file of the scores" in capsys.readouterr().err
    assert scores.read_text(encoding="utf-8") == SCORES


def test_swapped_polarity_is_a_warning_on_both_streams(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    rows = [f"{split},{n % 2},{random.normal() - 2 * (n % 2)},{split}{n}" for split in ("dev", "test") for n in range(60)]
    scores.write_text("split,label,score,video\n" + "\n".join(rows) + "\n", encoding="utf-8")
    assert cli.main(["rescore", "scores.csv", *QUICK]) == 0
    out, err = capsys.readouterr()
    assert err.startswith("warning: polarity looks swapped: AUC on dev is 0.")
    assert "WARNING: polarity looks swapped" in out
    assert "--higher-is-bona-fide" in err and "--label-live 1" in err
    assert "Labels are numbers: 0 is bona fide, and 1 is an attack." in out
    assert cli.main(["rescore", "scores.csv", *QUICK, "--higher-is-bona-fide"]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "A higher score means bona fide." in out and "an attack scores at most" in out
    assert "No column subject: intervals resample videos" in out and "replicates of the videos of dev or of test" in out
    assert cli.main(["rescore", "scores.csv", *QUICK, "--label-live", "1"]) == 0
    out, err = capsys.readouterr()
    assert err == "" and "Labels are numbers" not in out


def figures(out: str) -> list[str]:
    """Return the lines of figures at the dev threshold."""
    lines = out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("At the dev threshold"))
    return lines[start + 1 : start + 8]


def test_the_fields_lists_have_the_figures_of_their_plain_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """As FLIP and SSDG write lists, 1 is live and a higher score means live; so it does in bob's files, by their layout."""
    random = np.random.default_rng(0)
    plain, lists, bob = ["split,label,score,video,subject,species"], {}, {}
    for split in ("dev", "test"):
        lists[split], bob[split] = [], ["claimed_id,test_label,is_bonafide,attack_type,score"]
        for number in range(40):
            live, score = number % 2, float(random.normal() + number % 2)
            plain.append(f"{split},{('attack', 'bona_fide')[live]},{score},{split}{number},{split}{number},{('print', '')[live]}")
            lists[split].append(f"{split}{number} {score} {live}")
            bob[split].append(f"{split}{number},{split}{number},{bool(live)},{('print', '')[live]},{score}")
    (tmp_path / "plain.csv").write_text("\n".join(plain), encoding="utf-8")
    assert cli.main(["rescore", str(tmp_path / "plain.csv"), "--higher-is-bona-fide", *QUICK]) == 0
    expected = capsys.readouterr().out
    for files, options in ((lists, ["--label-live", "1", "--higher-is-bona-fide"]), (bob, [])):
        for split in ("dev", "test"):
            (tmp_path / split).write_text("\n".join(files[split]), encoding="utf-8")
        arguments = ["--dev", str(tmp_path / "dev"), "--test", str(tmp_path / "test")]
        assert cli.main(["rescore", *arguments, *options, *QUICK]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        assert "A higher score means bona fide." in out
        assert [line.replace("all attacks", "print      ") for line in figures(out)] == figures(expected)
    assert cli.main(["rescore", *arguments, "--higher-is-attack", *QUICK]) == 0
    assert "polarity looks swapped" in capsys.readouterr().err


def test_standard_input_is_hashed(scores: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    expected = []
    for name in ("scores.csv", "-", "/dev/stdin"):
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(scores.read_bytes())))
        assert cli.main(["rescore", name, *QUICK, "--json", "report.json"]) == 0
        (origin,) = json.loads(Path("report.json").read_text(encoding="utf-8"))["scores"]
        assert origin["sha256"] == hashing.sha256_file(scores)
        expected.append(capsys.readouterr().out.splitlines()[1:])
    assert expected[0] == expected[1] == expected[2]
    assert origin["file"] == "standard input"


@pytest.mark.usefixtures("scores")
def test_the_bounds_of_fpr_are_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", "scores.csv", *QUICK, "--fpr", "0.25,0.5"]) == 0
    out = capsys.readouterr().out
    assert "oracle BPCER at APCER <= 25 %" in out and "oracle APCER at BPCER <= 50 %" in out
    assert "at most 1 of 4 attacks wrong" in out and "<= 1 %  " not in out


def test_each_training_has_its_line(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = ["split,label,score,video,seed"]
    for seed in (1, 2):
        for split, label, shift in itertools.product(("dev", "test"), (0, 1), (0, 0.25)):
            rows.append(f"{split},{label},{seed * (label + shift)},{split}{label}{shift},{seed}")
    scores.write_text("\n".join(rows), encoding="utf-8")
    assert cli.main(["rescore", "scores.csv", *QUICK]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert lines["HTER, seed 1"] == ["0.00", "-", "AUC 100.00; threshold 0.625"]
    assert lines["HTER, seed 2"] == ["0.00", "-", "AUC 100.00; threshold 1.25"]


def test_help_says_that_1_is_an_attack(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.main(["rescore", "--help"])
    out = " ".join(capsys.readouterr().out.split())
    assert "0 for bona fide and 1 for an ATTACK" in out
    assert "(default 0: then 1 is an attack)" in out


def test_without_dev_only_oracle_figures_are_possible(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    rows = SCORES.splitlines(keepends=True)
    scores.write_text("".join(line for line in rows if not line.startswith("dev")), encoding="utf-8")
    assert cli.main(["rescore", "scores.csv"]) == 1
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("fasrepro rescore: scores.csv: no rows of split dev; an honest threshold needs dev scores")
    assert "--oracle-only" in err
    assert cli.main(["rescore", "scores.csv", *QUICK, "--oracle-only", "--json", "report.json"]) == 0
    lines = lines_of(capsys.readouterr().out)
    assert {"AUC", "test"} < set(lines)
    assert all(name.startswith(("oracle ", "AUC", "test")) for name in lines)
    assert "published" not in json.loads(Path("report.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none.csv"], "none.csv: no such file"),
        (["scores.csv", "--replicates", "0"], "--replicates 0: give a number that is at least 1"),
        ([], "give either one file with a column split, or a file each: --dev FILE --test FILE"),
        (["scores.csv", "--test", "scores.csv"], "give either one file"),
        (["--dev", "-", "--test", "/dev/stdin"], "--dev and --test are both standard input; give two files"),
        (["scores.csv", "--fpr", "1"], "--fpr 1.0: give shares between 0 and 1, such as 0.01"),
        (["scores.csv", "--fpr", "1%"], "--fpr 1%: give shares between 0 and 1, such as 0.01"),
        (["scores.csv", "--confidence", "95"], "--confidence 95.0: give a number that is between 0 and 1, such as 0.95"),
    ],
)
@pytest.mark.usefixtures("scores")
def test_a_fault_is_one_line_on_stderr(arguments: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["rescore", *arguments]) == 1
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith(f"fasrepro rescore: {message}")


def test_a_faulty_row_is_named(scores: Path, capsys: pytest.CaptureFixture[str]) -> None:
    scores.write_text(SCORES + "test,attack,nan,v10,s2,print\n", encoding="utf-8")
    assert cli.main(["rescore", "scores.csv"]) == 1
    assert capsys.readouterr().err.startswith("fasrepro rescore: scores.csv, row 13, column score: 'nan' is no number")
