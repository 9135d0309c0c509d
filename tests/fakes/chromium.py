"""Debian's Chromium, driven by Playwright. It reaches nothing but this machine; nothing is downloaded."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

PAGE_HOST = "knee.home"
"""A name that leads to this machine, as a home network's would."""
_FLAGS = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    f"--host-resolver-rules=MAP {PAGE_HOST} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
)


def program() -> str | None:
    return shutil.which("chromium")


@contextlib.contextmanager
def running() -> Iterator[Browser]:
    """The browser, gone in the end. Skips the test where chromium is not installed."""
    executable = program()
    if executable is None:
        if os.environ.get("NIGGLED_REQUIRE_REAL_PARTS") == "1":
            pytest.fail("no Chromium here (install the package chromium)")
        pytest.skip("no Chromium here")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=executable,
            args=_FLAGS,
            # Its own walls need rights that root in a container does not have.
            chromium_sandbox=os.geteuid() != 0,
        )
        try:
            yield browser
        finally:
            browser.close()
