"""Recorded runs, their pages, and a browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import shutil

import networks
import pytest

import chainrule

WITHOUT = "no Chromium here: apt-get install chromium (and pip install playwright) to run the page's tests"
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
PROBLEMS = ("one_layer", "two_eight_one", "images", "digits", "transformer")


@pytest.fixture(scope="session")
def recorded(tmp_path_factory):
    """Runs by the name of their network."""
    folder = tmp_path_factory.mktemp("runs")
    found = {}

    def run(name):
        if name not in found:
            found[name] = chainrule.load(networks.record(getattr(networks, name), folder / f"{name}.run"))
        return found[name]

    return run


@pytest.fixture(scope="session")
def pages(recorded, tmp_path_factory):
    """Their pages' files by the name of the network."""
    folder = tmp_path_factory.mktemp("pages")
    found = {}

    def page(name):
        if name not in found:
            found[name] = recorded(name).report(folder / f"{name}.html")
        return found[name]

    return page


@pytest.fixture(scope="session")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason=WITHOUT)
    path = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if path is None:
        pytest.skip(WITHOUT)
    with playwright.sync_playwright() as started:
        opened = started.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield opened
        opened.close()


class Opened:
    """A page in the browser, with what it said and asked for on the way."""

    def __init__(self, page):
        self.page = page
        self.errors = []
        self.requests = []
        page.on("console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", lambda request: self.requests.append(request.url))

    def go(self, file, address=""):
        self.page.goto(file.as_uri() + address)
        self.page.wait_for_selector(".weight")
        return self.page


@pytest.fixture
def opened(browser):
    """Opens files in a fresh window; fails where the page complained."""
    contexts = []

    def make(width=1440, height=1000, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append((context, found := Opened(context.new_page())))
        return found

    yield make
    for context, found in contexts:
        errors = list(found.errors)
        context.close()
        assert errors == []
