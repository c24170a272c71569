"""The files of an archive: a folder on disk, or a listing of one.

A folder is taken as people have it. Links to folders are followed, and files that systems add (`JUNK`) are set aside. What cannot
be listed is named: links to nothing or to a folder above them, folders without permission, and names that are not UTF-8.
"""

from __future__ import annotations

import dataclasses
import os
import re
from collections.abc import Iterator
from pathlib import Path

from fasrepro.archives.layout import ArchiveError, Exclusion

JUNK = ("thumbs.db", "desktop.ini", ".ds_store", ".directory")  # files that systems add, in lower case
JUNK_FOLDERS = frozenset({"__MACOSX", ".Trashes", ".Spotlight-V100", "@eaDir"})
WEB_PAGES = ("<!doctype", "<html", "<?xml")  # how they begin, in lower case
_LEAVES = re.compile(r"(?:^|[\s,/\\])\.\.(?:[/\\]|$)")
JUNK_PREFIX = "._"  # of the second file that macOS writes beside each


@dataclasses.dataclass(frozen=True)
class Tree:
    """The files under a folder.

    Args:
        root: the folder; of a listing, the file that lists it.
        sizes: of each file in bytes, by its path relative to `root` in POSIX form, in order of paths.
        faults: what could not be listed, with the reason.
        junk: how many files were set aside because systems add them.
        on_disk: whether the files themselves can be read.
        place_of: official path -> path relative to `root`, of the files that lie elsewhere than their official path says.
    """

    root: Path
    sizes: dict[str, int]
    faults: list[Exclusion] = dataclasses.field(default_factory=list)
    junk: int = 0
    on_disk: bool = True
    place_of: dict[str, str] = dataclasses.field(default_factory=dict)

    def file(self, path: str) -> Path:
        """Return where a file of the tree lies on disk."""
        return self.root / self.place_of.get(path, path)

    def under(self, folder: str) -> Tree:
        """Return the tree below one of the folders of a tree whose files lie at their official paths; "" for itself."""
        start = f"{folder}/" if folder else ""
        sizes = {path[len(start) :]: size for path, size in self.sizes.items() if path.startswith(start)}
        return Tree(self.root / folder, sizes, on_disk=self.on_disk)

    def lines(self, path: str, what: str, remedy: str) -> list[tuple[int, str]]:
        """Return the lines of a list that are not blank, stripped, each with its number in the file, from 1.

        Raises:
            ArchiveError: the list is missing (the message ends with `remedy`), is a web page or is not UTF-8 text; or a line
                names a path that leaves the archive.
        """
        file = self.file(path)
        if path not in self.sizes:
            raise ArchiveError(f"{file}: missing {what}; {remedy}")
        if not self.on_disk:
            raise ArchiveError(f"{self.root}: names {path} and does not hold it: a {what} is read from the archive alone")
        try:
            text = file.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise ArchiveError(f"{file}: not UTF-8 text at byte {error.start}; restore the official {what}") from None
        rows = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
        if is_web_page(text):
            raise ArchiveError(f"{file}: a web page in place of the {what}: fetch the file itself")
        for number, line in rows:
            if _LEAVES.search(line):
                raise ArchiveError(f"{file}, line {number}: {line[:80]!r} leaves the archive; restore the official {what}")
        return rows


def walk(root: Path) -> Tree:
    """Return the files under a folder. Raises `ArchiveError` if it is missing."""
    if not root.is_dir():
        raise ArchiveError(f"{root}: no such folder; put the archive's official tree there")
    sizes: dict[str, int] = {}
    faults: list[Exclusion] = []
    junk = 0
    above = {_identity(root)}
    for path, size, fault in _entries(str(root), "", above):
        if fault:
            faults.append(Exclusion(path, fault))
        elif is_junk(path):
            junk += 1
        else:
            sizes[path] = size
    return Tree(root, in_order(sizes), sorted(faults, key=lambda fault: fault.path), junk)


def in_order(sizes: dict[str, int]) -> dict[str, int]:
    """Return sizes in order of their paths; of millions, without a tuple for each."""
    return {path: sizes[path] for path in sorted(sizes)}


def is_web_page(text: str) -> bool:
    """Return whether a text is a web page, as a download that failed leaves it."""
    return text.lstrip().lower().startswith(WEB_PAGES)


def is_junk(path: str) -> bool:
    """Return whether a system wrote a file, and no data set."""
    parts = path.split("/")
    name = parts[-1]
    return name.startswith(JUNK_PREFIX) or name.lower() in JUNK or not JUNK_FOLDERS.isdisjoint(parts)


def _entries(folder: str, prefix: str, above: set[tuple[int, int]]) -> Iterator[tuple[str, int, str]]:
    """Yield path, size and fault ("" for none) of all below a folder.

    Args:
        folder: its place on disk.
        prefix: its path relative to the root, with a slash at its end; "" for the root.
        above: the folders that hold it, and itself.
    """
    try:
        entries = list(os.scandir(folder))
    except OSError as error:
        yield prefix.rstrip("/"), 0, f"folder not readable: {error.strerror}"
        return
    for entry in entries:
        path = prefix + entry.name
        if not _is_utf8(entry.name):
            yield (
                path.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace"),
                0,
                "its name is not UTF-8: rename it",
            )
            continue
        try:
            if not entry.is_dir():
                yield path, entry.stat().st_size, ""
                continue
            identity = _identity(Path(entry.path))
        except OSError as error:
            fault = "a link to nothing" if entry.is_symlink() else f"not readable: {error.strerror}"
            yield path, 0, fault
            continue
        if identity in above:
            yield path, 0, "a link to a folder that holds it"
            continue
        yield from _entries(entry.path, f"{path}/", above | {identity})


def _identity(folder: Path) -> tuple[int, int]:
    status = folder.stat()
    return status.st_dev, status.st_ino


def _is_utf8(name: str) -> bool:
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def listed(file: Path) -> Tree:
    """Return the files that a listing names: a path a line, or a size in bytes, a tabulator and a path.

    `find . -type f -printf '%s\\t%p\\n'` writes such a listing.

    Raises:
        ArchiveError: naming the line that leaves the folder or whose size is no number, or for a listing that is empty or not
            UTF-8.
    """
    sizes: dict[str, int] = {}
    junk = 0
    name = str(file)
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                path, size = _listed_file(line, f"{name}, line {number}")
                if path and is_junk(path):
                    junk += 1
                elif path:
                    sizes[path] = size
    except UnicodeDecodeError as error:
        raise ArchiveError(f"{file}: not UTF-8 text at byte {error.start}; list the files again") from None
    except OSError as error:
        raise ArchiveError(f"{file}: {error.strerror}; give the file that lists the archive") from None
    if not sizes:
        raise ArchiveError(f"{file}: names no file; give the file that lists the archive")
    return Tree(file, in_order(sizes), [], junk, on_disk=False)


def _listed_file(line: str, where: str) -> tuple[str, int]:
    """Return path and size of a line of a listing; "" for a blank line. Raises `ArchiveError` that begins with `where`."""
    size, _, path = line.rstrip("\r\n").rpartition("\t")
    path = path.replace("\\", "/").removeprefix("./")
    if size and not size.strip().isdecimal():
        raise ArchiveError(f"{where}: {size[:40]!r} is no size in bytes; give `size<tab>path`, or a path alone")
    if path.startswith("/") or (".." in path and ".." in path.split("/")):
        raise ArchiveError(f"{where}: {path[:80]!r} leaves the archive; list paths relative to its folder")
    return path, int(size or 0)
