"""An exported folder on a hub of models: what would be sent, and the sending."""

from __future__ import annotations

from pathlib import Path

from huggingface_hub import HfApi
from huggingface_hub.errors import HfHubHTTPError, HFValidationError
from huggingface_hub.utils import validate_repo_id

from fasrepro.deployment import exported, score_file

# What an exported folder holds. Anything else in it, such as a picture that was tried, is never sent.
SENT = (*exported.CHECKPOINT_FILES, "README.md", score_file.NAME)
DENIED = (401, 403)  # statuses of a token that is missing or may not write


class HubError(ValueError):
    """A folder that cannot be sent; the message names the remedy."""


def listing(folder: Path) -> dict[str, int]:
    """Return the bytes of each file that is sent, by its relative path.

    Raises:
        BackboneError: the folder is no export.
        HubError: a weight file is not the one that was exported, or the folder holds what an export does not.
    """
    about = exported.read_about(folder)
    if exported.weight_hashes(folder) != about.files:
        raise HubError(f"{folder}: its weights are not those that {exported.ABOUT} names; export the job again")
    paths = sorted(path for path in folder.rglob("*") if not path.is_dir())
    for path in paths:
        if path.is_symlink() or not any(path.match(pattern) for pattern in SENT):
            raise HubError(f"{path}: no file of an export, and not to be sent; move it away")
    return {path.relative_to(folder).as_posix(): path.stat().st_size for path in paths}


def check_name(repo: str) -> None:
    """Raise `HubError` unless a repository's name has the form owner/name."""
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise HubError(f"--push {repo}: {str(error).splitlines()[0]}") from None
    if repo.count("/") != 1:
        raise HubError(f"--push {repo}: give owner/name")


def push(api: HfApi, folder: Path, repo: str) -> str:
    """Send the files of `listing` as one commit and return its address; a repository that is not there is made, private.

    Raises:
        HubError: the hub refuses, fails for longer than its client tries, or is not reached.
    """
    names = list(listing(folder))
    try:
        api.create_repo(repo, private=True, exist_ok=True)
        job = exported.read_about(folder).job
        commit = api.upload_folder(repo_id=repo, folder_path=folder, allow_patterns=names, commit_message=job)
    except Exception as error:  # the client lets its transport's errors through, and wraps those of its threads as RuntimeError
        raise HubError(f"{repo}: {_refusal(error)}") from None
    return str(commit.commit_url)


def _refusal(error: Exception) -> str:
    """Return what went wrong on the way to the hub or there, and the remedy, in one line."""
    chain = [error, error.__cause__]
    answered = next((one for one in chain if isinstance(one, HfHubHTTPError)), None)
    reasons = [str(one) for one in dict.fromkeys((error, answered)) if one is not None]
    denied = answered is not None and answered.response.status_code in DENIED
    remedy = "`hf auth login` stores a token that may write" if denied else "run it again"
    return f"{' '.join(' '.join(reasons).split())}; {remedy}"
