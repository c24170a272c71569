"""Questions as OpenAI batches: half the price, an answer within a day. The same keys, store and rules as when asked live.

Each round sends what the store says comes next for every request, waits, and collects; what failed counts as an attempt, what
expired does not and is sent again. A process can be killed at any moment: batches under way are collected first.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import filelock

from fasrepro.llm import batch_journal, client, pricing, types
from fasrepro.llm.attempts import Pending, standing
from fasrepro.llm.store import Store
from fasrepro.llm.types import Abilities, Answer, ChatRequest, Endpoint, EndpointError, Failure, Reply, is_local, shown_host

T = TypeVar("T")

# Published limits of one batch: 50,000 requests, 200 MB. https://platform.openai.com/docs/guides/batch
MOST_REQUESTS, MOST_BYTES = 50_000, 200_000_000
WINDOW = "24h"  # the only one there is
ENDED = ("completed", "failed", "expired", "cancelled")
UNSURE = (408, 409, 429)  # of the answers that blame the request: those after which it may have been taken, or may yet be
LOCK = "batches.lock"
BARREN_ROUNDS = 3  # in which nothing at all came back, before it is given up
TOKEN = "fasrepro"  # the key of a batch's metadata under which its token stands


def complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    say: Callable[[str], None] = print,
    poll_s: float = 60.0,
    most: tuple[int, int] = (MOST_REQUESTS, MOST_BYTES),
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    """Do as `client.complete` does, in batches. `most` bounds one batch: requests, bytes.

    Raises `EndpointError` for a batch that the server refuses or that brings nothing, where another process sends or collects
    batches, or where what is to be asked is under way elsewhere; and `pricing.BudgetError`.
    """
    try:
        with filelock.FileLock(store.path.parent / LOCK, blocking=False):
            return _complete(requests, accept, endpoint, store, say, poll_s, most)
    except filelock.Timeout:
        raise EndpointError(f"another process sends or collects the batches of {store.path.parent}; wait for it") from None


def _complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    say: Callable[[str], None],
    poll_s: float,
    most: tuple[int, int],
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    barren = 0
    while True:
        before = len(store)
        waited = collect(endpoint, store, say, poll_s)
        found = {name: standing(name, request, endpoint, store, accept, store.error) for name, request in requests.items()}
        pending = {at.key: at for at in found.values() if isinstance(at, Pending)}
        if not pending:
            answers = {name: at for name, at in found.items() if isinstance(at, Answer)}
            return answers, {name: at for name, at in found.items() if isinstance(at, Failure)}
        barren = barren + 1 if waited and len(store) == before else 0
        if barren == BARREN_ROUNDS:
            raise EndpointError(
                f"{shown_host(endpoint.base_url)}: {barren} batches in a row brought no reply; ask live, without --batch"
            )
        elsewhere = pricing.UnderWay(store).batches()
        if taken := [elsewhere[key] for key in pending if key in elsewhere]:
            raise EndpointError(batch_journal.said(store.path.parent, taken[0]))
        abilities = client.abilities(endpoint, store)
        if any(wanted.question.image is not None for wanted in pending.values()):
            types.looks(endpoint, abilities)
        send(affordable(pending.values(), endpoint, store), endpoint, abilities, store, say, most)


def affordable(pending: Iterable[Pending], endpoint: Endpoint, store: Store) -> list[Pending]:
    """Return as many attempts, in their order, as the budget covers at the most they may cost. Raises `BudgetError` for none."""
    waiting = list(pending)
    if endpoint.budget_usd is None:
        return waiting
    price = pricing.needed_price(endpoint.model, is_local(endpoint.base_url))
    already = pricing.spent(store) + pricing.UnderWay(store).usd()
    left, chosen = endpoint.budget_usd - already, []
    for wanted in waiting:
        image = wanted.question.image() if wanted.question.image is not None else None
        cost = price.cost(**pricing.most(price, wanted.question, image, endpoint.max_tokens), batch=True)
        if cost > left:
            break
        left -= cost
        chosen.append(wanted)
    if not chosen:
        raise pricing.BudgetError(pricing.exceeded(endpoint.budget_usd, already, cost, "fasrepro annotate --batch"))
    return chosen


def send(
    pending: list[Pending],
    endpoint: Endpoint,
    abilities: Abilities,
    store: Store,
    say: Callable[[str], None],
    most: tuple[int, int],
) -> None:
    """Write the attempts into files within the limits of a batch, and send each."""
    folder, host = store.path.parent, shown_host(endpoint.base_url)
    for path, part in written(pending, endpoint, abilities, folder, most):
        batch = batch_journal.Batch(secrets.token_hex(16), host, endpoint.model, part)
        batch_journal.planned(folder, batch)  # so that who asks live meanwhile asks none of it
        try:
            with client.connected(endpoint) as server, path.open("rb") as data:
                batch.file = server.files.create(file=(path.name, data), purpose="batch").id
        except EndpointError:
            batch_journal.note(folder, batch.token, ended="never sent")
            raise
        finally:
            path.unlink()  # it holds faces
        batch_journal.note(folder, batch.token, file=batch.file)
        try:
            with client.connected(endpoint) as server:
                # Not tried twice: a batch that was made, and whose answer was lost, is found by its token.
                sent = server.with_options(max_retries=0).batches.create(
                    input_file_id=batch.file,
                    endpoint="/v1/chat/completions",
                    completion_window=WINDOW,
                    metadata={TOKEN: batch.token},
                )
        except EndpointError as error:
            if 400 <= error.status < 500 and error.status not in UNSURE:
                batch_journal.note(folder, batch.token, ended="refused")
                delete([batch.file], endpoint, say)
            raise
        batch_journal.note(folder, batch.token, id=sent.id)
        say(f"batch {sent.id}: {len(part)} requests sent to {host}")


def written(
    pending: list[Pending], endpoint: Endpoint, abilities: Abilities, folder: Path, most: tuple[int, int]
) -> Iterator[tuple[Path, dict[str, dict[str, Any]]]]:
    """Yield (file, what `outstanding.Batch` keeps of its requests) of one batch after another.

    A file holds at most `most` lines and bytes.
    """
    price, path, size = pricing.price_of(endpoint.model), folder / "batch.jsonl", 0
    part: dict[str, dict[str, Any]] = {}
    path.unlink(missing_ok=True)  # what a killed run left
    for wanted in pending:
        image = wanted.question.image() if wanted.question.image is not None else None
        body = types.body(endpoint, wanted.question, wanted.number, image, abilities)
        asked = {"custom_id": wanted.key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        line = json.dumps(asked, ensure_ascii=False).encode() + b"\n"
        if part and (len(part) == most[0] or size + len(line) > most[1]):
            yield path, part
            part, size = {}, 0
        with path.open("ab") as file:
            file.write(line)
        tokens = pricing.most(price, wanted.question, image, endpoint.max_tokens)
        part[wanted.key] = types.described(endpoint, wanted.question, wanted.number) | {"most": tokens}
        size += len(line)
    if part:
        yield path, part


def collect(endpoint: Endpoint, store: Store, say: Callable[[str], None], poll_s: float) -> int:
    """Wait for every batch that is under way at this server and store its replies; return how many batches there were.

    Its files, which hold faces, are deleted there. Raises `EndpointError` for a batch that the server did not accept, whose
    requests may be sent again, and for one that it does not know.
    """
    folder, host = store.path.parent, shown_host(endpoint.base_url)
    mine, unknown = [batch for batch in batch_journal.batches(folder) if batch.host == host], []
    for batch in mine:
        try:
            with client.connected(endpoint) as server:
                if not batch.id:
                    known = (sent.id for sent in server.batches.list() if (sent.metadata or {}).get(TOKEN) == batch.token)
                    batch.id = next(known, "")
                if not batch.id:  # planned, and then killed before it was sent
                    if batch.file:
                        server.files.retrieve(batch.file)  # known, so that this is the account in which the batch would be
                    batch_journal.note(folder, batch.token, ended="never sent")
                    delete([batch.file], endpoint, say)
                    continue
                state = server.batches.retrieve(batch.id)
                while state.status not in ENDED:
                    counts = state.request_counts
                    say(f"batch {batch.id}: {state.status}" + (f", {counts.completed} of {counts.total} done" if counts else ""))
                    time.sleep(poll_s)
                    state = server.batches.retrieve(batch.id)
                for file in filter(None, (state.output_file_id, state.error_file_id)):
                    for line in server.files.content(file).content.splitlines():  # bytes: a text may hold a line's end of Unicode
                        take(line, batch, endpoint, store)
        except EndpointError as error:
            if error.status != 404:
                raise
            # Not given up by itself: with another key, or another path, the server would not know it either, and it is paid for.
            unknown.append(batch)
            continue
        batch_journal.note(folder, batch.token, ended=state.status)
        say(f"batch {batch.id}: {state.status}")
        delete([state.input_file_id, state.output_file_id, state.error_file_id], endpoint, say)
        if state.status == "failed":
            faults = "; ".join(str(fault.message) for fault in ((state.errors and state.errors.data) or ())[:3])
            raise EndpointError(
                f"{host}: batch {batch.id} was not accepted: {types.redact(faults, endpoint.api_key) or 'no reason'}"
            )
    if unknown:
        raise EndpointError(
            f"{host} does not know batch {unknown[0].id}, or its files: are key and annotator.base_url those of then? Else"
            f" {batch_journal.given_up(folder, unknown[0])}"
        )
    return len(mine)


def delete(files: list[str | None], endpoint: Endpoint, say: Callable[[str], None]) -> None:
    """Delete files at the server, as far as there are any; say which could not be."""
    for file in filter(None, files):
        try:
            with client.connected(endpoint) as server:
                server.files.delete(file)
        except EndpointError as error:
            if error.status != 404:
                say(f"file {file} could not be deleted, do so by hand: {error}")


def take(line: bytes | str, batch: batch_journal.Batch, endpoint: Endpoint, store: Store) -> None:
    """Store what a line of a batch's output says of a request; one that was taken already, or is none of the batch's, is not."""
    if not line.strip():
        return
    try:
        answer = json.loads(line)
        key = answer["custom_id"]
    except (ValueError, KeyError, TypeError):
        return  # its request has no reply, and is sent again
    if not isinstance(key, str) or key not in batch.requests:
        return
    if (known := store.get(key)) is not None and known.get("batch"):
        return  # one that was asked live meanwhile is not, since both are paid for: the first is the reply
    asked = dict(batch.requests[key])
    most = asked.pop("most", {})
    record: dict[str, Any] = {"key": key, "request": asked, "batch": True}
    response, error = _fields(answer, "response"), _fields(answer, "error")
    if error.get("code") == "batch_expired":
        return
    if response.get("status_code") == 200:
        try:
            found = client.fields_of(response.get("body"), endpoint)
        except ValueError:
            store.append(record | {"error": "bad answer: no chat completion", "usage": most})
            return
        store.append(record | found | {"usage": pricing.billed(found, most)})
        return
    said = error or _fields(_fields(response, "body"), "error")
    if said.get("code") in types.FILTERS:
        found = types.filtered(str(said.get("message", "")), endpoint.api_key)
        store.append(record | found | {"usage": pricing.billed(found, most)})
        return
    code = f"HTTP {response['status_code']}" if "status_code" in response else str(error.get("code") or "batch error")
    store.append(record | {"error": f"{code}: {types.redact(str(said.get('message', '')), endpoint.api_key)[:300]}"})


def _fields(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """Return an object's member if it is an object, too; else an empty one."""
    found = answer.get(name)
    return found if isinstance(found, dict) else {}
