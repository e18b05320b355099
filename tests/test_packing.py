"""Data in a page: everything comes back, whatever it is, and cannot end its element."""

from __future__ import annotations

import base64
import gzip
import json
from typing import Any

import numpy as np
import pytest

from tests.pages import unpack
from wam_widgets.packing import pack, packed_size, script_text
from wam_widgets.widgets import wire


def content() -> dict[str, Any]:
    noise = np.random.default_rng(0).standard_normal((2, 3, 5))
    arrays = {kind: wire.encode(noise, kind) for kind in ("u8", "i16", "f16", "f32")}
    return {
        "title": "</script><!-- \u2028 \ud800 é",
        "nothing": None,
        "arrays": arrays,
        "entries": [
            {"gradient": wire.encode(np.zeros((0, 4)))},
            {"gradient": wire.encode_items(noise * [[[1.0]], [[1e-9]]]), "list": [1, [2.5, "a"]]},
        ],
    }


def test_everything_comes_back() -> None:
    assert unpack(pack(content())) == content()


def test_planes_as_documented() -> None:
    array = wire.encode(np.array([1.0, -2.0, 3.0]), "i16")
    whole = gzip.decompress(base64.b64decode(pack({"first": array, "second": array})))
    start = 4 + int.from_bytes(whole[:4], "little")
    light = json.loads(whole[4:start])
    assert (light["first"]["data"], light["second"]["data"]) == (0, 6)
    raw = np.frombuffer(array["data"], np.uint8)
    assert whole[start : start + 6] == bytes([*raw[::2], *raw[1::2]])


def test_the_same_content_gives_the_same_text() -> None:
    assert pack(content()) == pack(content())
    assert set(pack(content())) <= set(map(chr, range(33, 127))) - set("<>&\"'")


def test_planes_are_smaller_than_numbers_one_after_the_other() -> None:
    """A gradient of many decades: few different high bytes, low bytes like noise."""
    rng = np.random.default_rng(0)
    values = rng.standard_normal(50_000) * np.exp(rng.standard_normal(50_000))
    array = wire.encode(values)
    plain = len(gzip.compress(array["data"], 9)) * 4 / 3
    assert len(pack({"gradient": array})) < 0.95 * plain
    assert packed_size({"gradient": array, "more": [array]}) == 4 * len(values)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_numbers_that_json_does_not_know(bad: float) -> None:
    with pytest.raises(ValueError, match="JSON"):
        pack({"value": bad})


def test_what_cannot_be_packed() -> None:
    with pytest.raises(TypeError, match="serializable"):
        pack({"value": {1, 2}})
    short = {**wire.encode(np.zeros(4)), "data": b"\0"}
    with pytest.raises(ValueError, match="data hold 1 bytes: shape \\[4\\] needs 8"):
        pack({"value": short})


def test_a_script_cannot_end_its_element() -> None:
    script = 'const a = "</script></SCRIPT ><!--";\r\nb\rc'
    safe = script_text(script)
    assert safe == 'const a = "<\\/script><\\/SCRIPT >\\x3c!--";\nb\nc'
    assert script_text(safe) == safe
