"""Markdown of users: rendered, and harmless whatever is in it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from tests.pages import Page
from wam_widgets.markup import Heading, plain, render


def html(text: str) -> str:
    return render(text)[0]


def test_what_markdown_is_for() -> None:
    rendered = html(
        "One *two* **three** ~~four~~ `five`\n\n- six\n- seven\n\n3. eight\n\n> nine\n\n"
        "| a | b |\n|---|--:|\n| 1 | 2 |\n\n```python\nx < y\n```\n\n---\n"
    )
    for part in (
        *("<em>two</em>", "<strong>three</strong>", "<s>four</s>", "<code>five</code>"),
        *("<li>six</li>", '<ol start="3">', "<blockquote>", "<th>a</th>"),
        *('<td style="text-align:right">2</td>', "<pre><code>x &lt; y\n</code></pre>", "<hr>"),
    ):
        assert part in rendered, part


def test_headings_move_below_those_of_the_page() -> None:
    text = "# A *b* `c`\n\n## D\n\n###### E\n\n# F\ng\n=\n"
    rendered, headings = render(text, top=3, anchor="part-7")
    assert '<h3 id="part-7-1">A <em>b</em> <code>c</code></h3>' in rendered
    assert "<h4>D</h4>" in rendered
    assert "<h6>E</h6>" in rendered
    assert headings[:2] == [Heading("A b c", "part-7-1"), Heading("F", "part-7-2")]
    assert render(text)[1] == []
    assert "id=" not in render(text)[0]


def test_links_that_lead_somewhere() -> None:
    rendered = html("[a](https://x.example/?a=1&b=2 't') <mailto:a@x.example> [c](#section-2)")
    assert 'href="https://x.example/?a=1&amp;b=2"' in rendered
    assert 'href="mailto:a@x.example"' in rendered
    assert 'href="#section-2"' in rendered
    assert rendered.count('target="_blank"') == 1  # a place of the page is in this window
    assert rendered.count('rel="noopener noreferrer"') == 3


@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", "JaVaScRiPt:alert(1)", "vbscript:x", "file:///etc/passwd"),
        *("//evil.example/x", "other.html", "/x", "?x", "\\\\server\\share"),
        *("data:text/html,<script>alert(1)</script>", "blob:https://x.example/1"),
        *("java&#x0A;script:alert(1)", "&#106;avascript:alert(1)", "x:y", "ftp://x.example"),
    ],
)
def test_links_that_lead_nowhere(address: str) -> None:
    for text in (f"[here]({address})", f"[here](<{address}>)", f"[here][1]\n\n[1]: {address}"):
        page = Page(html(text))
        assert page.having("href") == [], text
        assert "here" in page.text


PIXEL = "data:image/png;base64,iVBORw0KGgo="


def test_pictures_in_the_text_are_shown() -> None:
    assert html(f"![a]({PIXEL} 'b')") == f'<p><img src="{PIXEL}" alt="a" title="b"></p>\n'


@pytest.mark.parametrize(
    "address",
    [
        *("http://x.example/y.png", "//x.example/y.png", "y.png", "file:///y.png"),
        *("data:image/svg+xml;base64,PHN2Zz4=", "data:text/html,x", "javascript:alert(1)"),
    ],
)
def test_pictures_from_elsewhere_are_their_description(address: str) -> None:
    for text in (f"a ![what *it* shows]({address}) b", f"[![what *it* shows]({address})](#c)"):
        rendered = html(text)
        assert "<img" not in rendered, text
        assert Page(rendered).having("src") == []
        assert "what" in Page(rendered).text
        assert "shows" in Page(rendered).text


HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<style>@import 'http://x.example'</style>",
    "<iframe src=http://x.example></iframe>",
    "<meta http-equiv=refresh content='0;url=http://x.example'>",
    "<base href=http://x.example>",
    "</div></section></main></script><!--",
    "<a href='javascript:alert(1)'>x</a>",
    "a\n\n<div onclick=alert(1)>\n\nb",
    "<details open ontoggle=alert(1)>",
    "<math><mi xlink:href='data:x,<script>alert(1)</script>'>",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php x ?> <!DOCTYPE x> <!-- c -->",
    "`</code><script>alert(1)</script>`",
    '```"><script>alert(1)</script>\nx\n```',
    '| <script>alert(1)</script> |\n|:-:|\n| " onx=1 |',
    '[a](https://x.example/"onclick="alert(1))',
    "[a](https://x.example '\" onclick=alert(1) x=\"')",
    f'![" onerror="alert(1)]({PIXEL})',
    "[<img src=x onerror=alert(1)>](#a)",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\<script\\>alert(1)",
    "<scr\x00ipt>alert(1)</script>",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_html_in_markdown_is_text(text: str) -> None:
    class Elements(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag in ALLOWED
            for name, value in attrs:
                assert name in {"href", "rel", "target", "title", "src", "alt", "style", "start"}
                assert "script:" not in (value or "")

        def handle_comment(self, data: str) -> None:
            raise AssertionError(data)

        handle_decl = handle_pi = unknown_decl = handle_comment

    for whole in (text, f"a {text} b", f"> - {text}", f"# {text}", f"**{text}**"):
        rendered = html(whole)
        Elements().feed(rendered)
        # What looks like an element is shown as it was written.
        if text.startswith("<scr") and "\x00" not in text:
            assert "<script>alert(1)</script>" in Page(rendered).text


ALLOWED = {
    *"p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td a img".split(),
    *(f"h{level}" for level in range(1, 7)),
}


def test_what_a_file_cannot_hold_is_replaced() -> None:
    assert plain("a\x00\x1b\x9f\ud800\ufffeb\tc\nd\u202e\U0001f600") == (
        "a\ufffd\ufffd\ufffd\ufffd\ufffdb\tc\nd\u202e\U0001f600"
    )
    assert plain(3) == "3"
    html("\ud83d \x00 *x*").encode()


def test_much_nesting_ends() -> None:
    for text in (">" * 3000, "- " * 1000 + "x", "[" * 3000, "*a " * 3000, "`" * 5000, "![" * 2000):
        html(text + "x")
