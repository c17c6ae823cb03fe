"""The page as a reader uses it: in the browser, by keyboard, in the dark, on a telephone, on paper."""

from __future__ import annotations

import time

import networks
import pytest
import torch
from torch import nn

import chainrule


def until(page, expression, seconds=5):
    """Wait for something to become true; Playwright's own waiting needs eval, which the page's policy refuses."""
    end = time.monotonic() + seconds
    while not page.evaluate(expression):
        assert time.monotonic() < end, expression
        page.wait_for_timeout(20)


def now(page, step):
    until(page, f"document.querySelector('.now').textContent === '{step}'")


@pytest.mark.parametrize("network", ["one_layer", "digits", "transformer"])
def test_nothing_is_asked_of_the_network(network, pages, opened):
    window = opened()
    page = window.go(pages(network))
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("2")
    assert window.requests == [pages(network).as_uri()]
    assert "default-src 'none'" in page.locator("meta[http-equiv]").get_attribute("content")


def test_what_is_fetched_all_the_same_is_refused(pages, opened):
    """The policy holds: a script inside the page can load nothing."""
    window = opened()
    page = window.go(pages("one_layer"))
    said = page.evaluate("fetch('http://127.0.0.1:9/').then(() => 'loaded', (error) => String(error))")
    assert "loaded" not in said
    assert any("Content Security Policy" in error for error in window.errors)
    window.errors.clear()


def test_the_address_opens_one_step_weight_and_sample_and_follows_what_is_chosen(pages, opened):
    page = opened().go(pages("two_eight_one"), "#t=10&w=0.weight[5,1]&n=2&m=backward")
    now(page, 10)
    assert page.locator(".weight-name h2").inner_text() == "0.weight[5,1]"
    assert page.locator(".chips [aria-pressed=true]").inner_text() == "(1, 0) → 1"
    assert page.locator(".modes [aria-pressed=true]").inner_text() == "Backward"
    page.locator("[data-weight='2.weight[0,3]']").press("Enter")
    until(page, "location.hash.includes('w=2.weight[0,3]')")
    assert "t=10" in page.evaluate("location.hash")


@pytest.mark.parametrize(
    "address", ["#t=999999&w=0.weight[5,1]", "#t=x&w=nothing", "#w=0.weight[9,9]", "#n=77", "#%00%ff", "#t=&w=[&n=-1"]
)
def test_a_wrong_address_shows_something_all_the_same(address, pages, opened):
    page = opened().go(pages("two_eight_one"), address)
    assert page.locator(".weight-name h2").inner_text().startswith("0.")


def test_the_keyboard_does_everything(pages, opened):
    page = opened().go(pages("two_eight_one"), "#t=10")
    page.keyboard.press("ArrowRight")
    now(page, 20)
    page.keyboard.press("Home")
    now(page, 0)
    page.keyboard.press("End")
    now(page, 30)
    page.keyboard.press("3")
    assert page.locator(".modes [aria-pressed=true]").inner_text() == "Update"
    edge = page.locator("[data-weight='0.weight[1,0]']")
    edge.focus()
    page.keyboard.press("Enter")
    assert page.locator(".weight-name h2").inner_text() == "0.weight[1,0]"
    share = page.locator(".shares button").nth(3)
    share.focus()
    page.keyboard.press("Enter")
    assert page.locator(".shares tr.on button").inner_text() == "(1, 1) → 0"
    assert page.evaluate("document.activeElement.textContent") == "(1, 1) → 0"  # still where it was


def test_play_goes_on_to_the_last_step_and_stops(pages, opened):
    page = opened().go(pages("one_layer"), "#t=0")
    page.locator(".play").click()
    assert page.locator(".play").get_attribute("aria-label") == "pause"
    now(page, 30)
    until(page, "document.querySelector('.play').getAttribute('aria-label') === 'play'")


def test_the_curve_and_the_bar_code_are_dragged_and_clicked(pages, opened):
    page = opened().go(pages("one_layer"), "#t=0")
    box = page.locator(".loss-curve").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 40)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.97, box["y"] + 40, steps=4)
    now(page, 30)
    page.mouse.up()
    code = page.locator(".bar-code").bounding_box()
    page.mouse.click(code["x"] + 2, code["y"] + code["height"] - 2)
    now(page, 0)
    assert page.locator(".weight-name h2").inner_text() == "0.bias[0]"


def test_a_cell_of_a_matrix_is_chosen_by_click_and_by_arrow_keys(pages, opened):
    page = opened().go(pages("digits"))
    matrix = page.locator("[aria-label='2.weight, choose a weight']")
    matrix.scroll_into_view_if_needed()
    box = matrix.bounding_box()
    page.mouse.click(box["x"] + box["width"] * (3.5 / 32), box["y"] + box["height"] * (6.5 / 10))
    assert page.locator(".weight-name h2").inner_text() == "2.weight[6,3]"
    matrix.press("ArrowDown")
    assert page.locator(".weight-name h2").inner_text() == "2.weight[7,3]"
    assert page.locator(".now").inner_text() == "30"  # the arrow moved in the matrix, not in time


def test_another_term_of_a_sum_is_followed(pages, opened):
    page = opened().go(pages("digits"), "#t=10&w=0.weight[20,7]&n=3")
    first = page.locator(".terms button.on").last.inner_text()
    page.locator(".terms button:not(.on)").first.click()
    assert page.locator(".terms button.on").last.inner_text() != first
    assert page.locator(".wrong").count() == 0


def test_what_is_the_same_number_lights_up_together(pages, opened):
    page = opened().go(pages("two_eight_one"), "#t=10&w=0.weight[5,1]&n=2")
    page.locator(".factors [data-link]").last.hover()
    link = page.locator(".factors [data-link]").last.get_attribute("data-link")
    assert page.locator(f".net .lit[data-link='{link}'], .net .lit[data-links~='{link}']").count() >= 1


def test_a_large_network_is_a_list_of_calls_in_modules(pages, opened):
    page = opened().go(pages("transformer"))
    assert page.locator(".calls .module").count() >= 1
    assert page.locator(".calls > .call").first.is_visible()
    hidden = page.locator(".module .call").first
    assert not hidden.is_visible()  # more calls than fit: modules begin closed
    page.locator(".module summary").first.click()
    assert page.locator(".module .call, .module .module").first.is_visible()
    assert page.locator(".flow tbody tr").count() > 30


@pytest.mark.parametrize("width", [360, 640, 900, 1100, 1600])
@pytest.mark.parametrize("network", ["two_eight_one", "digits", "transformer"])
def test_nothing_is_wider_than_the_window(width, network, pages, opened):
    page = opened(width=width).go(pages(network))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(
        "[...document.querySelectorAll('.card')].every((c) => c.getBoundingClientRect().right <= innerWidth)"
    )


def test_dark_follows_the_system_and_the_button(pages, opened):
    page = opened(color_scheme="dark").go(pages("one_layer"))
    ground = "getComputedStyle(document.querySelector('.card')).backgroundColor"
    assert page.evaluate(ground) == "rgb(25, 29, 37)"
    page.locator(".theme").click()
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_no_motion_where_none_is_wanted(pages, opened):
    page = opened(reduced_motion="reduce").go(pages("one_layer"))
    assert page.evaluate("getComputedStyle(document.querySelector('.edge')).transitionDuration") == "0s"


def test_the_printed_page_has_everything_and_no_buttons(pages, opened):
    page = opened().go(pages("digits"))
    page.emulate_media(media="print")
    assert not page.locator(".play").is_visible()
    for selector in (".calls", ".derivation"):
        assert page.evaluate(f"(e => e.scrollHeight <= e.clientHeight + 2)(document.querySelector('{selector}'))")
    assert page.pdf()[:5] == b"%PDF-"


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("network", ["two_eight_one", "digits", "transformer"])
def test_axe_finds_no_fault(network, scheme, pages, opened):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = opened(color_scheme=scheme).go(pages(network))
    for mode in "123":
        page.keyboard.press(mode)
        found = axe.run(page).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["html"][:200]) for fault in found] == []


HOSTILE = "</script><img src=x onerror=alert(1)>\"'&\u202eלא<!--"


def hostile():
    """A model, a loss and a file whose names try to get out of where they are written."""
    model = nn.Sequential()
    model.add_module(HOSTILE.replace(".", ""), nn.Linear(2, 1))
    return model, networks.XOR, networks.TARGET, nn.MSELoss()


def test_hostile_names_stay_names(tmp_path, opened):
    folder = tmp_path / "<b>'\"&.run"
    run = chainrule.load(networks.record(hostile, folder, steps=4))
    file = run.report(tmp_path / "hostile.html")
    window = opened()
    page = window.go(file)
    assert page.locator(".weight-name h2").inner_text().startswith("</script><img src=x onerror=alert(1)>")
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert page.title().startswith("<b>'\"&.run")
    assert window.requests == [file.as_uri()]


def test_a_finding_of_the_diagnosis_is_told_and_leads_to_its_step(pages, opened):
    page = opened().go(pages("one_layer"), "#t=0")
    found = page.locator(".finding")
    assert found.count() == 1
    assert "no weights of this model can answer every sample right" in found.inner_text()
    found.locator("button").click()
    now(page, 30)


def test_a_run_with_no_recorded_step_says_so(tmp_path, opened):
    with chainrule.watch(tmp_path / "empty.run") as run:
        pass
    window = opened()
    window.page.goto(run.report(tmp_path / "empty.html").as_uri())
    window.page.wait_for_selector(".empty")
    assert "No step of this run was recorded" in window.page.locator(".empty").inner_text()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_a_run_that_became_nan_is_shown(tmp_path, opened):
    def exploding():
        return nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1)), networks.XOR * 1e10, networks.TARGET, nn.MSELoss()

    run = chainrule.load(networks.record(exploding, tmp_path / "nan.run", steps=31))
    page = opened().go(run.report(tmp_path / "nan.html"), "#t=30")
    assert page.locator(".verdict.bad").inner_text().startswith("Not finite since step")
    assert "nan" in page.locator(".weight-gradient").inner_text()


def test_steps_of_another_structure_are_shown_in_their_own(tmp_path, opened):
    """A last batch that is smaller, and a layer that is used only now and then."""
    torch.manual_seed(0)
    first, second = nn.Linear(3, 3), nn.Linear(3, 1)
    optimizer = torch.optim.Adam([*first.parameters(), *second.parameters()], lr=0.1)
    with chainrule.watch(tmp_path / "two.run", every=1):
        for step in range(6):
            x = torch.randn(4 if step % 2 else 3, 3)
            loss = second(torch.relu(first(x)) if step % 3 else x).pow(2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    page = opened().go(chainrule.load(tmp_path / "two.run").report(tmp_path / "two.html"), "#t=1&w=weight[0,0]")
    for step in range(6):
        page.evaluate(f"location.hash = '#t={step}'")
        now(page, step)
        assert page.locator(".wrong").count() == 0


def test_a_notebooks_frame_shows_the_run_and_the_step(recorded, opened, tmp_path):
    for shown in (recorded("one_layer"), recorded("one_layer")[3]):
        cell = tmp_path / "cell.html"
        cell.write_text(f"<!doctype html><title>notebook</title>{shown._repr_html_()}", "utf-8")
        window = opened()
        window.page.goto(cell.as_uri())
        frame = window.page.frame_locator("iframe")
        frame.locator(".weight").wait_for()
        assert frame.locator(".check").first.inner_text().startswith("✓")
