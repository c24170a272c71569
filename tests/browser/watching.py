"""What a page on this machine may not do in a test: ask another host, or end with an error."""

from __future__ import annotations

from typing import Any


def watch(page: Any) -> list[str]:
    """Let a page ask this machine alone; return the list to which its faults are added."""
    faults: list[str] = []

    def guard(route: Any) -> None:
        if route.request.url.startswith("http://127.0.0.1:"):
            route.continue_()
        else:
            faults.append(f"reaches out: {route.request.url}")
            route.abort()

    page.route("**/*", guard)
    page.on("pageerror", lambda error: faults.append(f"error: {error}"))
    return faults
