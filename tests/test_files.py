from __future__ import annotations

from pathlib import Path

import pytest

from fasrepro import files


def test_json_is_written_sorted_and_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"b": 1, "a": 2})
    assert path.read_text(encoding="utf-8") == '{\n "a": 2,\n "b": 1\n}\n'
    with pytest.raises(TypeError):
        files.write_json(path, {"c": object()})
    assert files.read_json(path) == {"a": 2, "b": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_missing_and_broken_json_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"a\.json: no such file"):
        files.read_json(tmp_path / "a.json")
    (tmp_path / "a.json").write_text("{", encoding="utf-8")
    with pytest.raises(ValueError, match=r"a\.json: not JSON"):
        files.read_json(tmp_path / "a.json")


def test_a_folder_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    folder, work = tmp_path / "results" / "new", tmp_path / "work"
    with files.replaced_folder(folder, work) as temporary:
        (temporary / "a").write_text("1")
    with pytest.raises(ValueError, match="half"), files.replaced_folder(folder, work) as temporary:
        (temporary / "b").write_text("2")
        raise ValueError("half")
    assert [path.name for path in folder.iterdir()] == ["a"]
    (work / "new").mkdir()
    (work / "new" / "of a killed run").touch()
    with files.replaced_folder(folder, work) as temporary:
        (temporary / "c").touch()
    assert [path.name for path in folder.iterdir()] == ["c"]
    assert not list(work.iterdir())
