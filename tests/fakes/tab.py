"""A browser's tab that remembers what went wrong in it, and measures what is on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, Request, Response

SMALLEST_TARGET_PX = 44.0
SLIP = re.compile(
    r"\w+\(\w+=[^ ]*|datetime\.\S+|<[a-z_.]+ object|\w+Kind\.\w+|\bnan\b|\bTraceback\b|\{\{.*?\}\}"
)
WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
MEASURES = (Path(__file__).with_name("tab_measures.js")).read_text(encoding="utf-8")


@dataclass(frozen=True, slots=True)
class Screen:
    """What a page is looked at with; `script` is whether JavaScript may run."""

    width: int = 390
    height: int = 844
    script: bool = True

    @property
    def is_phone(self) -> bool:
        return self.width < 600

    def __str__(self) -> str:
        size = f"{self.width}x{self.height}"
        return size if self.script else f"{size}-no-script"


PHONE, DESK, NARROWEST = Screen(), Screen(1280, 800), Screen(320, 700)


@dataclass
class Tab:
    """`troubles`: errors in the console (a breach of the content policy is one), requests to anybody else, answers of
    500 and more."""

    page: Page
    origin: str
    has_script: bool = True
    troubles: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def open(self, path: str) -> Response:
        """By its path, or a whole address. What went wrong before is forgotten."""
        self.troubles.clear()
        response = self.page.goto(path if "://" in path else self.origin + path)
        assert response is not None
        return response

    def tap(self, target: Locator) -> None:
        """Something that leads to another page, which is waited for."""
        with self.page.expect_navigation():
            target.tap()

    def number(self, number: int) -> Locator:
        """One of the eleven targets."""
        return self.page.locator(f'button[value="{number}"]:visible')

    def turn(self, *, dark: bool) -> None:
        """To the other colours; the page stays as it is."""
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")

    @property
    def path(self) -> str:
        return urlsplit(self.page.url).path

    @property
    def words(self) -> str:
        """What is read on the page, on one line."""
        return " ".join(self.page.locator("body").inner_text().split())

    def screenshot(self, folder: Path, name: str) -> Path:
        """The whole page, however long, with what is fixed to the edges of the screen at its edges."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{name}.png"
        size = self.page.viewport_size
        assert size is not None
        height = self.page.evaluate("() => document.documentElement.scrollHeight")
        self.page.set_viewport_size({"width": size["width"], "height": max(height, size["height"])})
        self.page.screenshot(path=path)
        self.page.set_viewport_size(size)
        return path

    def violations(self) -> list[str]:
        """What axe-core finds against WCAG 2.2 AA and good practice: rule and place, each with its reason."""
        found = Axe().run(self.page, options={"runOnly": list(WCAG), "resultTypes": ["violations"]})
        return [
            f"{violation['id']}: {' '.join(map(str, node['target']))}: {node['failureSummary']}"
            for violation in found.response["violations"]
            for node in violation["nodes"]
        ]

    def sideways(self) -> list[str]:
        """What makes the page wider than the screen."""
        return self._measured("sideways")

    def small_targets(self) -> list[str]:
        """What is meant to be tapped and is smaller than a fingertip; links inside a text are exempt (WCAG 2.5.8)."""
        return [
            f"{one['what']}: {one['width']:.1f} x {one['height']:.1f}"
            for one in self._measured("targets")
            if one["width"] < SMALLEST_TARGET_PX - 0.05 or one["height"] < SMALLEST_TARGET_PX - 0.05
        ]

    def crowded(self) -> list[str]:
        """Buttons and fields that a thumb could mistake for each other."""
        return self._measured("crowded")

    def slips(self) -> list[str]:
        """What a program says where a person should be spoken to."""
        return SLIP.findall(self.words)

    def not_reached_by_tab(self, most: int = 400) -> list[str]:
        """Presses Tab from the top until it comes round: what was left out, and what was reached without a ring around it."""
        self.page.evaluate("() => { document.activeElement?.blur(); window.scrollTo(0, 0); }")
        wanted = self._measured("focusable")
        reached: dict[str, bool] = {}
        last = ""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            focused = self._measured("focused")
            # A field for a time has several stops of its own.
            if focused is None or (focused["what"] in reached and focused["what"] != last):
                break
            last = focused["what"]
            reached[last] = focused["ring"] or reached.get(last, False)
        missed = [f"not reached: {one}" for one in wanted if one not in reached]
        return missed + [f"no ring: {one}" for one, ring in reached.items() if not ring]

    def _measured(self, name: str) -> Any:
        return self.page.evaluate(f"() => {{ {MEASURES}\nreturn {name}(); }}")


@contextmanager
def tab(browser: Browser, origin: str, screen: Screen = PHONE) -> Iterator[Tab]:
    """A tab of its own, with its own cookies."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height},
        java_script_enabled=screen.script,
        is_mobile=screen.is_phone,
        has_touch=screen.is_phone,
        device_scale_factor=2 if screen.is_phone else 1,
        locale="en-GB",
        reduced_motion="reduce",
    )
    try:
        watched = Tab(context.new_page(), origin, screen.script)
        _watch(context, watched)
        yield watched
    finally:
        context.close()


def _watch(context: BrowserContext, watched: Tab) -> None:
    def said(message: ConsoleMessage) -> None:
        # A refusal that a test asks for is written there, too; `answered` judges those.
        if message.type in ("error", "warning") and "Failed to load resource" not in message.text:
            watched.troubles.append(f"{message.type}: {message.text}")

    def asked(request: Request) -> None:
        watched.requests.append(request.url)
        if not request.url.startswith(f"{watched.origin}/"):
            watched.troubles.append(f"asked somebody else: {request.url}")

    def answered(response: Response) -> None:
        main = response.request.is_navigation_request()
        if response.status >= 500 or (response.status >= 400 and not main):
            watched.troubles.append(f"{response.status}: {response.url}")

    context.on("console", said)
    context.on("weberror", lambda error: watched.troubles.append(f"script: {error.error}"))
    context.on("request", asked)
    context.on("response", answered)
