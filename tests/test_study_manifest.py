"""What a study is, what differs from it, and files that claim to say so."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import wam_widgets as wam
from tests.shelved import manifest
from wam_widgets import provenance
from wam_widgets.studies.errors import NewerStoreError, StoreError
from wam_widgets.studies.manifest import Manifest

PARAMETERS = {
    "methods": {"smooth_integrated_gradients": {"method": "smooth_integrated_gradients"}},
    "bases": [None, "db4, level 3"],
    "settings": {"n_samples": 25, "mean": (0.1, 0.2), "front_end": {"a": {"b": float("inf")}}},
    "target": "label",
    "text": "</script> “” \udce9 \0 \u2028",
    "shard_size": 64,
}


def test_it_comes_back() -> None:
    for given in (
        manifest(PARAMETERS),
        manifest({}, model="größe", weights=None, front_end="LogMel", kind="stream", count=None),
        manifest(captum=True),
    ):
        text = given.to_json()
        assert Manifest.from_json(text) == Manifest.from_json(text.encode()) == given
        assert Manifest.from_json(given.to_json()).to_json() == text
        assert given.differences(Manifest.from_json(text)) == []
        given.check_same(Manifest.from_json(text))
    assert given.parameters == {"settings": {}} and given.written_by == wam.__version__
    assert set(given.versions) == {*provenance.PACKAGES.values(), "Python", "Captum"}
    record = json.loads(text)
    assert set(record) == {
        "format", "version", "written_by", "created", "parameters", "model", "data", "versions",
    }  # fmt: skip
    with pytest.raises(TypeError, match="not JSON serializable"):
        manifest({"settings": object()})


def test_what_is_not_known_is_ignored() -> None:
    record = json.loads(manifest().to_json())
    for part in (record, record["model"], record["data"]):
        part["later"] = {"more": [1]}
    assert Manifest.from_json(json.dumps(record)) == manifest()


def test_the_clock_of_a_build_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "86400")
    assert manifest().created == "1970-01-02 00:00 UTC"


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the parameters with another value, or without one where it is `...`."""
    record = json.loads(json.dumps(PARAMETERS))
    *parts, last = path.split(".")
    inner = record
    for part in parts:
        inner = inner[part]
    if value is ...:
        del inner[last]
    else:
        inner[last] = value
    return record


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("settings.n_samples", 50, "settings.n_samples was 25, is 50"),
        ("settings.n_samples", "25", "settings.n_samples was 25, is '25'"),
        ("settings.n_samples", True, "settings.n_samples was 25, is True"),
        ("settings.n_samples", ..., "settings.n_samples was 25, is not given"),
        ("settings.std", None, "settings.std was not given, is None"),
        ("settings.mean", [0.1, 0.3], "settings.mean[1] was 0.2, is 0.3"),
        ("settings.mean", [0.1], "settings.mean was [0.1, 0.2], is [0.1]"),
        ("settings.front_end.a.b", -1, "settings.front_end.a.b was inf, is -1"),
        ("settings.front_end", None, "settings.front_end was {'a': {'b': inf}}, is None"),
        ("bases", ["haar", "db4, level 3"], "bases[0] was None, is 'haar'"),
        ("bases", [None], "bases was [None, 'db4, level 3'], is [None]"),
        ("methods.saliency", {"method": "saliency"},
         "methods.saliency was not given, is {'method': 'saliency'}"),
        ("target", 3, "target was 'label', is 3"),
        ("shard_size", ..., "shard_size was 64, is not given"),
        ("text", "a\n\x1b[31m", r"text was '</script> “” \udce9 \x00 \u2028', is 'a\n\x1b[31m'"),
    ],
)  # fmt: skip
def test_differences_in_words(path: str, value: Any, said: str) -> None:
    old, new = manifest(PARAMETERS), manifest(changed(path, value))
    assert old.differences(new) == [said]
    with pytest.raises(ValueError) as caught:
        old.check_same(new)
    assert str(caught.value) == (
        f"store holds a study that differs: {said}. Give what was given then to go on with it, or "
        "another folder for a new study"
    )


def test_all_differences_are_named() -> None:
    old = manifest(PARAMETERS)
    new = manifest(
        changed("settings", {"n_samples": 1}), model="Other", weights=None, front_end="LogMel",
        kind="Dataset", count=7,
    )  # fmt: skip
    assert old.differences(new) == [
        "settings.n_samples was 25, is 1",
        "settings.mean was [0.1, 0.2], is not given",
        "settings.front_end was {'a': {'b': inf}}, is not given",
        "model.name was 'Net', is 'Other'",
        f"model.weights was '{'5a' * 32}', is None",
        "model.front_end was None, is 'LogMel'",
        "data.kind was 'list', is 'Dataset'",
        "data.count was 100, is 7",
    ]
    assert len(new.differences(old)) == 8


def test_what_is_no_difference() -> None:
    old = manifest(PARAMETERS)
    for other in (
        manifest(changed("settings.n_samples", 25.0)),
        manifest(dict(reversed(PARAMETERS.items()))),
        manifest(PARAMETERS, count=None),
        replace(old, created="1970-01-02 00:00 UTC"),
        replace(old, versions=old.versions | {"Python": "3.99"}),
    ):
        assert old.differences(other) == other.differences(old) == []
    assert manifest({"a": 1}).differences(manifest({"a": True})) == ["a was 1, is True"]
    nan = manifest({"value": float("nan")})
    assert nan.differences(Manifest.from_json(nan.to_json())) == []
    assert nan.differences(manifest({"value": 0.0})) == ["value was nan, is 0.0"]


def test_long_values_are_told_where_they_differ() -> None:
    old, new = ([*map(str, range(300)), *more] for more in (["a"], ["b", "c"]))
    (said,) = manifest({"settings": old}).differences(manifest({"settings": new}))
    assert said.startswith("settings was …") and len(said) < 250
    assert "'299', 'a'], is …" in said and said.endswith("'299', 'b', 'c']")
    (said,) = manifest({"a": "x" * 1000}).differences(manifest({"a": "y" * 1000}))
    assert said == f"a was '{'x' * 79}…, is '{'y' * 79}…"


def test_other_versions() -> None:
    old = manifest(captum=True)
    new = replace(old, versions=old.versions | {"PyTorch": "9", "NumPy": "8", "wam_widgets": "7"})
    said = old.differences(new)
    assert said == [
        f"versions.{name} was '{old.versions[name]}', is '{new.versions[name]}'"
        for name in ("wam_widgets", "PyTorch", "NumPy")
    ]
    installed = " ".join(
        f"{package}=={old.versions[name]}"
        for package, name in (("wam-widgets", "wam_widgets"), ("torch", "PyTorch"),
                              ("numpy", "NumPy"))
    )  # fmt: skip
    with pytest.raises(ValueError) as caught:
        old.check_same(new)
    assert str(caught.value) == (
        "store was written by other versions, and what two versions compute is not mixed: "
        f"{'; '.join(said)}. Install the old ones (pip install {installed}) to go on with it, or "
        "give another folder for a new study; any version can read it"
    )
    captum = old.versions["Captum"]
    assert old.differences(manifest()) == [f"versions.Captum was '{captum}', is not given"]


HOSTILE: list[tuple[Any, str]] = [
    ("", "is damaged"),
    ("null", "it is not a mapping"),
    ("[1]", "it is not a mapping"),
    ("{}", "does not describe a study"),
    ({"format": "explanation"}, "does not describe a study"),
    ({"version": None}, "it names no version of its layout"),
    ({"version": True}, "it names no version of its layout"),
    ({"version": 0}, "it names no version of its layout"),
    ({"version": 1.5}, "it names no version of its layout"),
    ({"parameters": None}, "parameters is None"),
    ({"parameters": [1]}, "parameters is [1]"),
    ({"model": "Net"}, "model is Net"),
    ({"model": {}}, "name is None"),
    ({"model": {"name": "a", "weights": 3}}, "weights is 3"),
    ({"data": {"kind": "a", "count": -1}}, "count is -1"),
    ({"data": {"kind": "a", "count": True}}, "count is True"),
    ({"data": {"kind": "a", "count": 1.0}}, "count is 1.0"),
    ({"versions": {"PyTorch": 2}}, "PyTorch is 2"),
    ({"created": ["\x1b[31m"]}, r"created is ['\x1b[31m']"),
    ('{"a":' * 100_000, "is damaged"),
    ("[" * 100_000, "is damaged"),
    ('{"a":' * 100 + "1" + "}" * 100, "it is nested too deeply"),
    ('{"version": ' + "9" * 5000 + "}", "is damaged"),
    (b"\xff\xfe\x00", "is damaged"),
    (b"\x80" * 100, "is damaged"),
    (" " * (2**24 + 1), "at most 16777216 will do"),
]


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_hostile_files(case: int) -> None:
    content, message = HOSTILE[case]
    if isinstance(content, dict):
        content = json.dumps(json.loads(manifest().to_json()) | content)
    with pytest.raises(StoreError) as caught:
        Manifest.from_json(content, Path("/there/manifest.json"))
    assert not isinstance(caught.value, NewerStoreError)
    said = str(caught.value)
    assert said.startswith("/there/manifest.json") and message in said
    assert said.isprintable() and len(said) < 300


@pytest.mark.parametrize("version", [2, 10**400])
def test_a_later_layout_is_refused(version: int) -> None:
    record = {"format": "study", "version": version, "written_by": "9.9\n\x1b[31m", "other": []}
    with pytest.raises(NewerStoreError, match=r"m has version 1?[02]+…? of the layout, written "
                       r"by wam_widgets 9.9\\n\\x1b\[31m: wam_widgets .* reads up to version 1; "
                       "install a newer one") as caught:  # fmt: skip
        Manifest.from_json(json.dumps(record), "m")
    assert str(caught.value).isprintable()


def test_a_file_that_was_cut_or_turned_is_refused_or_read() -> None:
    text = manifest(PARAMETERS).to_json().encode()
    for end in range(len(text) - 2):
        with pytest.raises(StoreError):
            Manifest.from_json(text[:end])
    draw = random.Random(0)
    for _ in range(500):
        bad = bytearray(text)
        for _ in range(draw.randint(1, 4)):
            bad[draw.randrange(len(bad))] = draw.randrange(256)
        try:
            found = Manifest.from_json(bytes(bad))
        except StoreError:
            continue
        manifest(PARAMETERS).differences(found)
        found.differences(manifest(PARAMETERS))
