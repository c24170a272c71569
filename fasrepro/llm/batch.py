"""Questions asked in OpenAI batches: half the price, an answer within a day; the same keys, store and rules as in `live`.

Each round sends the attempt that comes next for every request, waits, and collects. A failed attempt counts; an expired one does
not, and is sent again. A process may be killed at any moment: the batches in flight are collected before new ones are sent.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import filelock

from fasrepro.llm import batch_journal, client, pricing, types
from fasrepro.llm.attempts import Pending, replay
from fasrepro.llm.budget import BatchesInFlight, BudgetError, exceeded_message, spent_usd
from fasrepro.llm.store import Store
from fasrepro.llm.types import Answer, Capabilities, ChatRequest, Endpoint, EndpointError, Failure, Reply, is_local, shown_host

T = TypeVar("T")

WINDOW = "24h"  # the only one that OpenAI offers
ENDED = ("completed", "failed", "expired", "cancelled")
UNCERTAIN = (408, 409, 429)  # statuses below 500 after which the server may have made the batch, or may still make it
LOCK = "batches.lock"
MAX_LOOKS = 5  # at the files of a batch that has ended, before they are left as they are
MAX_BARREN_ROUNDS = 3  # rounds without any reply, before the run gives up
TOKEN = "fasrepro"  # the key of a batch's metadata that holds our token


@dataclasses.dataclass(frozen=True, slots=True)
class BatchLimits:
    """What one batch may hold; by default as OpenAI publishes it. https://platform.openai.com/docs/guides/batch"""

    requests: int = 50_000
    bytes: int = 200_000_000


PUBLISHED_LIMITS = BatchLimits()


def complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    report: Callable[[str], None] = print,
    poll_s: float = 60.0,
    limits: BatchLimits = PUBLISHED_LIMITS,
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    """Do as `live.complete` does, in batches.

    Args:
        requests: by name.
        accept: raises `Rejected` for a reply that must be asked again.
        endpoint: where to ask, and how often.
        store: holds the replies; the journal of batches lies beside it.
        report: called with each line about a batch.
        poll_s: seconds between two looks at a batch.
        limits: what one batch may hold.

    Raises:
        EndpointError: the server refuses a batch, or batches bring no reply; another process sends or collects batches; or a
            request is in flight at another server.
        BudgetError: the budget does not cover a single request.
    """
    try:
        with filelock.FileLock(store.path.parent / LOCK, blocking=False):
            return _complete(requests, accept, endpoint, store, report, poll_s, limits)
    except filelock.Timeout:
        raise EndpointError(f"another process sends or collects the batches of {store.path.parent}; wait for it") from None


def _complete(
    requests: Mapping[str, ChatRequest],
    accept: Callable[[str, Reply], T],
    endpoint: Endpoint,
    store: Store,
    report: Callable[[str], None],
    poll_s: float,
    limits: BatchLimits,
) -> tuple[dict[str, Answer[T]], dict[str, Failure]]:
    barren_rounds = 0
    while True:
        replies_before = len(store)
        collected = collect(endpoint, store, report, poll_s)
        outcomes = {name: replay(name, request, endpoint, store, accept, store.error) for name, request in requests.items()}
        pending = {outcome.key: outcome for outcome in outcomes.values() if isinstance(outcome, Pending)}
        if not pending:
            answers = {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Answer)}
            return answers, {name: outcome for name, outcome in outcomes.items() if isinstance(outcome, Failure)}
        barren_rounds = barren_rounds + 1 if collected and len(store) == replies_before else 0
        if barren_rounds == MAX_BARREN_ROUNDS:
            raise EndpointError(
                f"{shown_host(endpoint.base_url)}: {barren_rounds} batches in a row brought no reply; ask live, without --batch"
            )
        in_flight = BatchesInFlight(store).by_key()
        for key in pending:
            if key in in_flight:
                raise EndpointError(batch_journal.in_flight_message(store.path.parent, in_flight[key]))
        capabilities = client.known_capabilities(endpoint, store)
        if any(attempt.question.image is not None for attempt in pending.values()):
            types.require_vision(endpoint, capabilities)
        send(affordable(pending.values(), endpoint, store), endpoint, capabilities, store, report, limits)


def affordable(pending: Iterable[Pending], endpoint: Endpoint, store: Store) -> list[Pending]:
    """Return the first attempts, as many as the budget covers at the most they may cost. Raises `BudgetError` for none."""
    if endpoint.budget_usd is None:
        return list(pending)
    price = pricing.required_price(endpoint.model, is_local(endpoint.base_url))
    spent = spent_usd(store) + BatchesInFlight(store).usd()
    left = endpoint.budget_usd - spent
    covered: list[Pending] = []
    cost = 0.0
    for attempt in pending:
        max_usage = pricing.max_usage(price, attempt.question, attempt.question.load_image(), endpoint.max_tokens)
        cost = price.cost(**max_usage, batch=True)
        if cost > left:
            break
        left -= cost
        covered.append(attempt)
    if not covered:
        raise BudgetError(exceeded_message(endpoint.budget_usd, spent, cost, "fasrepro annotate --batch"))
    return covered


def send(
    pending: list[Pending],
    endpoint: Endpoint,
    capabilities: Capabilities,
    store: Store,
    report: Callable[[str], None],
    limits: BatchLimits,
) -> None:
    """Write the attempts into files within the limits, and send each as a batch."""
    folder, host = store.path.parent, shown_host(endpoint.base_url)
    for path, requests in batch_files(pending, endpoint, capabilities, folder, limits):
        url = batch_journal.server_url(endpoint.base_url)
        batch = batch_journal.Batch(secrets.token_hex(16), host, endpoint.model, requests, url=url)
        batch_journal.note_planned(folder, batch)  # from here on, nobody asks these requests live
        try:
            with client.file_client(endpoint) as server, path.open("rb") as data:
                batch.file = server.files.create(file=(path.name, data), purpose="batch").id
        except EndpointError:
            batch_journal.note(folder, batch.token, ended="never sent")
            raise
        finally:
            path.unlink()  # it holds faces
        batch_journal.note(folder, batch.token, file=batch.file)
        try:
            with client.file_client(endpoint) as server:
                # Never retried: if the server made the batch and its answer was lost, the token finds it.
                sent = server.with_options(max_retries=0).batches.create(
                    input_file_id=batch.file,
                    endpoint="/v1/chat/completions",
                    completion_window=WINDOW,
                    metadata={TOKEN: batch.token},
                )
        except EndpointError as error:
            if 400 <= error.status < 500 and error.status not in UNCERTAIN:
                batch_journal.note(folder, batch.token, ended="refused")
                delete_files([batch.file], endpoint, report)
            raise
        batch_journal.note(folder, batch.token, id=sent.id)
        report(f"batch {sent.id}: {len(requests)} requests sent to {host}")


def batch_files(
    pending: list[Pending], endpoint: Endpoint, capabilities: Capabilities, folder: Path, limits: BatchLimits
) -> Iterator[tuple[Path, dict[str, dict[str, Any]]]]:
    """Yield (file of requests, `requests` of the journal's `Batch`) for one batch after another."""
    price, path, size = pricing.price_of(endpoint.model), folder / "batch.jsonl", 0
    requests: dict[str, dict[str, Any]] = {}
    path.unlink(missing_ok=True)  # left by a run that was killed
    for attempt in pending:
        image = attempt.question.load_image()
        body = types.request_body(endpoint, attempt.question, attempt.number, image, capabilities)
        row = {"custom_id": attempt.key, "method": "POST", "url": "/v1/chat/completions", "body": body}
        line = json.dumps(row, ensure_ascii=False).encode() + b"\n"
        if requests and (len(requests) == limits.requests or size + len(line) > limits.bytes):
            yield path, requests
            requests, size = {}, 0
        with path.open("ab") as file:
            file.write(line)
        size += len(line)
        max_usage = pricing.max_usage(price, attempt.question, image, endpoint.max_tokens)
        requests[attempt.key] = types.request_record(endpoint, attempt.question, attempt.number) | {"most": max_usage}
    if requests:
        yield path, requests


def collect(endpoint: Endpoint, store: Store, report: Callable[[str], None], poll_s: float) -> int:
    """Wait for every batch in flight at this server and store its replies; return how many batches there were.

    Its files, which hold faces, are deleted there. Raises `EndpointError` for a batch that the server did not accept (its
    requests may be sent again) and for one that it does not know.
    """
    folder, host = store.path.parent, shown_host(endpoint.base_url)
    batches = [batch for batch in batch_journal.batches(folder) if batch_journal.is_at(batch, endpoint.base_url)]
    unknown = []
    for batch in batches:
        try:
            with client.file_client(endpoint) as server:
                state = _collect_one(server, batch, endpoint, store, report, poll_s)
        except EndpointError as error:
            if error.status != 404:
                raise
            # Not given up: the server would not know it with another key or path either, and it is paid for.
            unknown.append(batch)
            continue
        if state is None:
            continue
        batch_journal.note(folder, batch.token, ended=state.status)
        report(f"batch {batch.id}: {state.status}")
        delete_files([state.input_file_id, state.output_file_id, state.error_file_id], endpoint, report)
        if state.status == "failed":
            faults = "; ".join(str(fault.message) for fault in ((state.errors and state.errors.data) or ())[:3])
            reason = types.redact(faults, endpoint.api_key) or "no reason"
            raise EndpointError(f"{host}: batch {batch.id} was not accepted: {reason}")
    if unknown:
        raise EndpointError(
            f"{host} does not know batch {unknown[0].id}, or its files: are the key and annotator.base_url the ones it was sent"
            f" with? If it is lost, {batch_journal.abandon_hint(folder, unknown[0])}"
        )
    return len(batches)


def _collect_one(
    server: client.FileClient,
    batch: batch_journal.Batch,
    endpoint: Endpoint,
    store: Store,
    report: Callable[[str], None],
    poll_s: float,
) -> Any | None:
    """Wait for one batch and store its replies; return its last state, None if it was never sent."""
    if not batch.id:
        matches = (sent.id for sent in server.batches.list() if (sent.metadata or {}).get(TOKEN) == batch.token)
        batch.id = next(matches, "")
    if not batch.id:  # planned, and then killed before it was sent
        if batch.file:
            server.files.retrieve(batch.file)  # raises if this is another account, in which the batch could not be found
        batch_journal.note(store.path.parent, batch.token, ended="never sent")
        delete_files([batch.file], endpoint, report)
        return None
    state = server.batches.retrieve(batch.id)
    while state.status not in ENDED:
        counts = state.request_counts
        report(f"batch {batch.id}: {state.status}" + (f", {counts.completed} of {counts.total} done" if counts else ""))
        time.sleep(poll_s)
        state = server.batches.retrieve(batch.id)
    for look in range(MAX_LOOKS):
        lines = _whole_lines(server, state)
        for line in lines:
            store_line(line, batch, endpoint, store)
        counts = state.request_counts
        expected = min(len(batch.requests), (counts.completed + counts.failed) if counts else 0)
        if len(lines) >= expected:
            return state
        report(f"batch {batch.id}: {len(lines)} of {expected} lines are in its files yet")
        if look < MAX_LOOKS - 1:
            time.sleep(poll_s)
            state = server.batches.retrieve(batch.id)
    hint = batch_journal.abandon_hint(store.path.parent, batch)
    raise EndpointError(
        f"batch {batch.id}: its files hold {len(lines)} whole lines, and {expected} requests were answered. What came is stored,"
        f" and nothing was deleted: run this again later. If the rest is lost, {hint}"
    )


def _whole_lines(server: client.FileClient, state: Any) -> list[bytes]:
    """Return the lines of a batch's output that are JSON; a file that is still being written ends within one."""
    lines = []
    for file in filter(None, (state.output_file_id, state.error_file_id)):
        for line in server.files.content(file).content.splitlines():  # of bytes: a text may hold Unicode's line ends
            with contextlib.suppress(ValueError, RecursionError):
                json.loads(line)
                lines.append(line)
    return lines


def delete_files(files: list[str | None], endpoint: Endpoint, report: Callable[[str], None]) -> None:
    """Delete files at the server, as far as they exist; report those that cannot be deleted."""
    for file in filter(None, files):
        try:
            with client.file_client(endpoint) as server:
                server.files.delete(file)
        except EndpointError as error:
            if error.status != 404:
                report(f"file {file} could not be deleted, do so by hand: {error}")


def store_line(line: bytes | str, batch: batch_journal.Batch, endpoint: Endpoint, store: Store) -> None:
    """Store what a line of a batch's output says about a request; skip lines stored before and requests of other batches."""
    if not line.strip():
        return
    try:
        answer = json.loads(line)
        key = answer["custom_id"]
    except (ValueError, KeyError, TypeError):
        return  # its request has no reply, and is sent again
    if not isinstance(key, str) or key not in batch.requests:
        return
    stored = store.get(key)
    if stored is not None and stored.get("batch"):
        return
    # A reply that came live meanwhile is no reason to skip this one: both are billed, and the first stays the reply.
    request = dict(batch.requests[key])
    max_usage = request.pop("most", {})
    record: dict[str, Any] = {"key": key, "request": request, "batch": True}
    response, error = _object(answer, "response"), _object(answer, "error")
    if error.get("code") == "batch_expired":
        return
    if response.get("status_code") == 200:
        try:
            reply = client.reply_record(response.get("body"), endpoint)
        except ValueError:
            store.append(record | {"error": "bad answer: no chat completion", "usage": max_usage})
            return
        store.append(record | reply | {"usage": pricing.billed_usage(reply, max_usage)})
        return
    fault = error or _object(_object(response, "body"), "error")
    if fault.get("code") in types.FILTER_CODES:
        reply = types.filtered_reply(str(fault.get("message", "")), endpoint.api_key)
        store.append(record | reply | {"usage": pricing.billed_usage(reply, max_usage)})
        return
    code = f"HTTP {response['status_code']}" if "status_code" in response else str(error.get("code") or "batch error")
    store.append(record | {"error": types.redact(f"{code}: {fault.get('message', '')}", endpoint.api_key)[:300]})


def _object(answer: dict[str, Any], name: str) -> dict[str, Any]:
    """Return a member that is a JSON object, else an empty one."""
    member = answer.get(name)
    return member if isinstance(member, dict) else {}
