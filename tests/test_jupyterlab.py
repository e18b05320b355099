"""The whole way from a cell to the page, in a real JupyterLab."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.lab import JupyterLab
from tests.observe import Observed

WIDGET = """
import anywidget, traitlets

class Hello(anywidget.AnyWidget):
    _esm = '''
    export default {
      render({ model, el }) {
        const show = () => { el.textContent = `hello ${model.get("name")}`; };
        model.on("change:name", show);
        show();
      },
    };
    '''
    name = traitlets.Unicode("world").tag(sync=True)

hello = Hello()
hello
"""


def test_a_widget_shows_and_follows_its_trait(jupyterlab: JupyterLab, observed: Observed) -> None:
    page = observed.page
    jupyterlab.run(page, "hello.ipynb", [WIDGET, "hello.name = 'kernel'"])
    expect(page.get_by_text("hello kernel", exact=True)).to_be_visible()

    colours = []
    for theme in ("light", "dark"):
        jupyterlab.theme(page, theme)
        colours.append(page.evaluate("() => getComputedStyle(document.body).backgroundColor"))
    assert colours[0] != colours[1]

    jupyterlab.shut_down(page)
    assert not observed.errors
    assert all(url.startswith(jupyterlab.url) for url in observed.requests)


def test_the_offline_page_notes_what_it_cannot_reach(offline_page: Observed) -> None:
    offline_page.page.set_content("<img src='http://127.0.0.1:9/nothing.png'>")
    offline_page.page.wait_for_load_state()
    assert offline_page.requests == ["http://127.0.0.1:9/nothing.png"]
    assert offline_page.errors
