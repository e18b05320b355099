"""Strings that would do harm where text is taken for markup, code, a pattern or an address.

Each has a mark of its own that is to be seen, and what it would run calls ``owned`` with its
number. What it would add to a page has the attribute ``data-owned``; what it would load comes from
a port of this machine on which nothing listens.
"""

from __future__ import annotations

COUNT = 200

_NOWHERE = "http://127.0.0.1:9"

_ELEMENTS = r"""
<script data-owned>owned({n})</script>{mark}
<ScRiPt data-owned>owned({n})</sCrIpT >{mark}
<script data-owned src="{nowhere}/{n}.js">{mark}</script>
<script data-owned type="module">owned({n})</script>{mark}
<img data-owned src=x onerror=owned({n})>{mark}
<img data-owned src="{nowhere}/{n}.png">{mark}
<img data-owned srcset="{nowhere}/{n}.png 1x" alt="{mark}">
<svg data-owned onload=owned({n})>{mark}</svg>
<svg data-owned><script>owned({n})</script></svg>{mark}
<svg data-owned><animate onbegin=owned({n}) attributeName=x dur=1s>{mark}
<svg data-owned><use href="{nowhere}/{n}.svg#x"/></svg>{mark}
<iframe data-owned srcdoc="<script>parent.owned({n})</script>">{mark}</iframe>
<iframe data-owned src="javascript:parent.owned({n})">{mark}</iframe>
<iframe data-owned src="{nowhere}/{n}">{mark}</iframe>
<object data-owned data="{nowhere}/{n}">{mark}</object>
<embed data-owned src="{nowhere}/{n}">{mark}
<body data-owned onload=owned({n})>{mark}
<details data-owned open ontoggle=owned({n})>{mark}</details>
<input data-owned autofocus onfocus=owned({n}) value="{mark}">
<video data-owned><source onerror=owned({n})></video>{mark}
<audio data-owned src="{nowhere}/{n}.wav" onerror=owned({n})>{mark}
<style data-owned>@import "{nowhere}/{n}.css"; * {{ display: none }}</style>{mark}
<link data-owned rel=stylesheet href="{nowhere}/{n}.css">{mark}
<link data-owned rel=preload as=image href="{nowhere}/{n}.png">{mark}
<meta data-owned http-equiv=refresh content="0;url={nowhere}/{n}">{mark}
<meta data-owned http-equiv=Content-Security-Policy content="script-src *">{mark}
<base data-owned href="{nowhere}/">{mark}
<form data-owned action="javascript:owned({n})"><button>{mark}</button></form>
<a data-owned href="javascript:owned({n})" autofocus onfocus=owned({n})>{mark}</a>
<a data-owned href="{nowhere}/{n}" ping="{nowhere}/{n}">{mark}</a>
<marquee data-owned onstart=owned({n})>{mark}</marquee>
<div data-owned style="background:url({nowhere}/{n})" onmouseover=owned({n})>{mark}</div>
<div data-owned style="position:fixed;inset:0;z-index:9999">{mark}</div>
<template data-owned><script>owned({n})</script></template>{mark}
<dialog data-owned open>{mark}</dialog>
<table data-owned><td background="{nowhere}/{n}.png">{mark}
<select data-owned><option onclick=owned({n})>{mark}</option></select>
<custom-element data-owned onclick=owned({n})>{mark}</custom-element>
<x data-owned/onpointerrawupdate=owned({n}) tabindex=1 autofocus onfocus=owned({n})>{mark}
<noscript data-owned><p title="</noscript><img src=x onerror=owned({n})>">{mark}
<svg data-owned></p><style><a id="</style><img src=1 onerror=owned({n})>">{mark}
<math data-owned><mtext><table><mglyph><style><img src=x onerror=owned({n})>{mark}
<math data-owned><annotation-xml encoding="text/html"><script>owned({n})</script>{mark}
<plaintext data-owned>{mark}
<xmp data-owned><script>owned({n})</script>{mark}
<wam-explorer data-owned class="wam-explorer" data-source="wam-data-1">{mark}
<div data-owned class="wam-root" data-state="ready">{mark}</div>
<section data-owned id="section-1">{mark}</section>
"""
_ENDS = r"""
</script><script data-owned>owned({n})</script>{mark}
</SCRIPT/x><script data-owned>owned({n})</script>{mark}
</script ><img data-owned src=x onerror=owned({n})>{mark}
<!--<script>{mark}
<!-- {mark}
--><script data-owned>owned({n})</script><!-- {mark}
--!><img data-owned src=x onerror=owned({n})>{mark}
<![CDATA[ {mark} ]]><script data-owned>owned({n})</script>
]]>{mark}
<?xml version="1.0"?><?php owned({n}) ?>{mark}
<!doctype html><html><head></head><body data-owned onload=owned({n})>{mark}
</title><script data-owned>owned({n})</script>{mark}
</style><script data-owned>owned({n})</script>{mark}
</textarea><script data-owned>owned({n})</script>{mark}
</option></select><img data-owned src=x onerror=owned({n})>{mark}
</h1></header></main><script data-owned>owned({n})</script>{mark}
</h2></section><section data-owned><h2>{mark}
</dd></dl></details><script data-owned>owned({n})</script>{mark}
</td></tr></table><img data-owned src=x onerror=owned({n})>{mark}
</a></li></ol></nav><script data-owned>owned({n})</script>{mark}
</bdi></p></div><script data-owned>owned({n})</script>{mark}
</body></html><script data-owned>owned({n})</script>{mark}
</noscript><script data-owned>owned({n})</script>{mark}
</template></iframe><script data-owned>owned({n})</script>{mark}
{mark}<script
{mark}</script
{mark}<!-
{mark}<
{mark}&
{mark}&lt
"""
_QUOTES = r"""
"><script data-owned>owned({n})</script>{mark}
'><script data-owned>owned({n})</script>{mark}
" onmouseover="owned({n})" data-owned="{mark}
' onmouseover='owned({n})' data-owned='{mark}
" autofocus onfocus=owned({n}) data-owned x="{mark}
` onmouseover=owned({n}) data-owned `{mark}
/onmouseover=owned({n})/data-owned/{mark}
\"><img data-owned src=x onerror=owned({n})>{mark}
&quot;><img data-owned src=x onerror=owned({n})>{mark}
&#34; onmouseover=&#34;owned({n}) {mark}
&lt;script data-owned&gt;owned({n})&lt;/script&gt;{mark}
&#60;script data-owned&#62;owned({n})&#60;/script&#62;{mark}
&#x3C;img data-owned src=x onerror=owned({n})&#x3E;{mark}
&amp;lt;script&amp;gt;owned({n}) {mark}
&lt{mark}&gt &copy &nbsp; &notit; &#0; &#xD800; &#x110000;
%3Cscript%3Eowned({n})%3C/script%3E{mark}
\u003cscript\u003eowned({n})\u003c/script\u003e{mark}
\x3cscript\x3eowned({n})\x3c/script\x3e{mark}
\74script\76owned({n})\74/script\76{mark}
+ADw-script+AD4-owned({n})+ADw-/script+AD4-{mark}
＜script＞owned({n})＜/script＞{mark}
";owned({n});//{mark}
';owned({n});//{mark}
`;owned({n});//{mark}
\";owned({n});//{mark}
\\";owned({n});//{mark}
"}}]}};owned({n});//{mark}
"}}</script>{{"{mark}
*/owned({n});/*{mark}
);owned({n});({mark}
'; DROP TABLE explanations; --{mark}
"""
_PATTERNS = r"""
${{owned({n})}}{mark}
`${{owned({n})}}`{mark}
#{{owned({n})}}{mark}
{{{{owned({n})}}}}{mark}
{{{{constructor.constructor("owned({n})")()}}}}{mark}
{{% raw %}}{mark}{{% endraw %}}
<%= owned({n}) %>{mark}
[[owned({n})]]{mark}
{{title}} {{policy}} {{script}} {{style}} {{data}} {{body}} {mark}
{{0}} {{}} {{0.__class__}} {mark}
{{self.__class__.__mro__}} {mark}
%s %d %(title)s %n {mark}
$& $1 $` $' $$ {mark}
\1 \g<0> \n \t \0 \{mark}
__DATA__ __SCRIPT__ wam-bank wam-data-1 {mark}
__proto__ {mark}
constructor.prototype.{mark}
~${{IFS}}|owned({n});`owned {n}`$(owned {n}){mark}
../../../../etc/passwd {mark}
C:\nul\{mark}
$$\href{{javascript:owned({n})}}{{{mark}}}$$
$\text{{{mark}}}_^\unicode{{x3c}}$
\( \def\x{{\x\x}}\x {mark} \)
"""
_ADDRESSES = r"""
javascript:owned({n})//{mark}
JaVaScRiPt&colon;owned({n})//{mark}
java&Tab;script:owned({n})//{mark}
data:text/html,<script data-owned>parent.owned({n})</script>{mark}
vbscript:owned({n}) {mark}
file:///etc/passwd#{mark}
//127.0.0.1:9/{n}?{mark}
{nowhere}/{n}?{mark}
url({nowhere}/{n}) {mark}
;background:url({nowhere}/{n});x:{mark}
expression(owned({n})){mark}
}} * {{ display: none }} /* {mark}
@import "{nowhere}/{n}.css"; {mark}
"""
_MARKDOWN = r"""
[{mark}](javascript:owned({n}))
[{mark}](JAVASCRIPT&colon;owned({n}))
[{mark}](java&NewLine;script:owned({n}))
[{mark}](&#106;avascript:owned({n}))
[{mark}](<javascript:owned({n})>)
[{mark}](data:text/html;base64,PHNjcmlwdD5vd25lZCgpPC9zY3JpcHQ+)
[{mark}](vbscript:owned({n}))
[{mark}](file:///etc/passwd)
[{mark}](# "x\" onmouseover=owned({n}) data-owned \"")
[{mark}](x" onmouseover="owned({n}\)" data-owned=")
![{mark}]({nowhere}/{n}.png)
![{mark}](//127.0.0.1:9/{n}.png)
![{mark}](x" onerror="owned({n}\)" data-owned=")
![{mark}](data:image/svg+xml,<svg/onload=owned({n})>)
![{mark}](data:text/html,<script>owned({n})</script>)
![{mark}](blob:{nowhere}/{n})
[![{mark}]({nowhere}/{n}.png)]({nowhere}/{n})
<javascript:owned({n})> {mark}
<{nowhere}/{n}> {mark}
`<script data-owned>owned({n})</script>` {mark}
# <img data-owned src=x onerror=owned({n})> {mark}
> <script data-owned>owned({n})</script> {mark}
* <b data-owned onmouseover=owned({n})>{mark}
~~<i data-owned onclick=owned({n})>{mark}~~
**<u data-owned onclick=owned({n})>**{mark}
\<script data-owned>owned({n})\</script>{mark}
"""
_RAW = (
    '```"><script data-owned>owned({n})</script>\n{mark}\n```',
    "| <img data-owned src=x onerror=owned({n})> | {mark} |\n|---|:-:|\n| a | <script> |",
    "[r]: javascript:owned({n})\n\n[{mark}][r]",
    "![{mark}][r]\n\n[r]: http://127.0.0.1:9/{n}.png",
    "<div data-owned\nonclick=owned({n})\n>\n{mark}\n</div>",
    "{mark}\n\n    <script data-owned>owned({n})</script>",
    "{mark}\n===\n<script data-owned>owned({n})</script>",
    "{mark}\r\n<script data-owned>\rowned({n})</script>",
    "{mark}\u2028owned({n})\u2029//",
    "{mark}\t<script\tdata-owned\n>owned({n})</script\t>",
    "{mark}\x00<scr\x00ipt data-owned>owned({n})</scr\x00ipt>",
    "{mark}\x1b[31m\x07\x08\x0b\x0c\x7f\x85\x9b31m",
    "{mark}\ufeff\u200b\u200d\u2060\u00ad\ufe0f",
    "\u202e{mark}\u202d\u2066\u2067 evil.txt\u2069",
    "\u05d0\u05d1\u05d2 {mark} \u0627\u0644\u0639\u0631\u0628\u064a\u0629 (1 < 2) !",
    "{mark}" + "\u0301\u0316\u0334" * 60,
    "{mark}\ud800 and \udfff",
    "{mark}\ufffe\uffff\ufdd0",
    "\U0001f469\u200d\U0001f52c\U0001f3f3\ufe0f\u200d\U0001f308\U0001f1fa\U0001f1f3 {mark}",
    "\u1100\u1161\u11a8 \u0e01\u0e33\u0e33 \u0928\u0940 \ufb01 \u212b \u01c5 \u0130 {mark}",
    "{mark} " + "a" * 5_000,
    "{mark} " + "long words, " * 400,
    "{mark}" + "<" * 1_000,
    "{mark}" + "<b data-owned>" * 300,
    "{mark} " + "[" * 1_000,
    "{mark} " + "*_" * 800,
    "{mark} " + "`" * 999,
    "{mark} " + "> " * 300,
    "{mark} " + "&" * 1_000,
)


def _lines(text: str) -> list[str]:
    return text.strip("\n").split("\n")


def mark(number: int) -> str:
    """What is to be seen of a string."""
    return f"w{number:03}w"


def strings() -> list[str]:
    """All of them."""
    groups = (_ELEMENTS, _ENDS, _QUOTES, _PATTERNS, _ADDRESSES, _MARKDOWN)
    templates = [template for group in groups for template in _lines(group)]
    # Of the others braces are only what stands for the number and the mark.
    made = [
        template.format(n=n, mark=mark(n), nowhere=_NOWHERE) for n, template in enumerate(templates)
    ]
    for template in _RAW:
        n = len(made)
        made.append(template.replace("{n}", str(n)).replace("{mark}", mark(n)))
    return made
