"""Files that are not as they were written: each loads equal, or fails with the named error."""

from __future__ import annotations

import collections
import json
import random
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import wam_widgets as wam
from tests import kept, mutations
from tests.kept import same
from wam_widgets import storage
from wam_widgets.records import from_record, to_record

Apart = tuple[dict[str, Any], bytes, dict[str, Any]]


def apart(folder: Path, explanation: wam.Explanation | None = None) -> Apart:
    """Return header, bytes of the arrays and JSON text of a good file."""
    content = (explanation or kept.everything()).save(folder / "good").read_bytes()
    header, data = kept.take_apart(content)
    return header, data, kept.envelope(header)


def load(content: bytes, folder: Path) -> wam.Explanation:
    (folder / "bad").write_bytes(content)
    return wam.load(folder / "bad")


def test_each_reason_has_its_error(tmp_path: Path) -> None:
    header, data, told = apart(tmp_path)
    good = (tmp_path / "good").read_bytes()
    for cls in ("Truncated", "Damaged", "Foreign", "Newer"):
        assert issubclass(getattr(storage, f"{cls}FileError"), wam.StorageError)
    assert issubclass(wam.StorageError, ValueError)
    with pytest.raises(storage.TruncatedFileError, match="bad is empty"):
        load(b"", tmp_path)
    for size in (5, 8, 9, 37, 100, len(good) // 2, len(good) - 1):
        with pytest.raises(storage.TruncatedFileError, match=f"ends after {size} of at least"):
            load(good[:size], tmp_path)
    with pytest.raises(storage.DamagedFileError, match="header does not describe its content"):
        load(good + b"\0", tmp_path)
    changed = bytearray(good)
    changed[-1] ^= 1
    with pytest.raises(storage.DamagedFileError, match="the checksum differs"):
        load(bytes(changed), tmp_path)
    with pytest.raises(storage.DamagedFileError, match="the checksum differs"):
        load(good.replace(b"LogMel", b"LogMal"), tmp_path)
    with pytest.raises(storage.ForeignFileError, match=r"not written by Explanation\.save"):
        load(b"PK\3\4" + bytes(100), tmp_path)
    plain = {name: about for name, about in header.items() if name != "__metadata__"}
    with pytest.raises(storage.ForeignFileError, match="does not hold an explanation"):
        load(kept.put_together(plain, data), tmp_path)
    with pytest.raises(storage.ForeignFileError, match="does not hold an explanation"):
        load(kept.signed(header, data, {**told, "format": "study"}), tmp_path)


def test_a_newer_file_is_named_as_such(tmp_path: Path) -> None:
    header, data, told = apart(tmp_path)
    # Of a newer layout nothing else is known, so nothing else is looked at.
    told = {"version": 2, "written_by": "9.1.0", "explanation": []}
    with pytest.raises(storage.NewerFileError, match=r"version 2 .* wam_widgets 9\.1\.0.*newer"):
        load(kept.signed(header, data, told), tmp_path)
    for version in (None, 0, "1", True, 1.0):
        with pytest.raises(storage.DamagedFileError, match="no version"):
            load(kept.signed(header, data, {**told, "version": version}), tmp_path)


def test_what_later_versions_add_is_ignored(tmp_path: Path) -> None:
    header, data, told = apart(tmp_path)
    record = told["explanation"]
    for place in (told, record, record["entries"][0], record["curves"][0], record["axes"]):
        place["later"] = {"colour": ["blue", 1, None]}
    record["entries"][0]["later_too"] = "later.values"
    size = len(data)
    header["later.values"] = {"dtype": "F32", "shape": [2], "data_offsets": [size, size + 8]}
    header["__metadata__"]["by"] = "somebody"
    content = kept.signed(header, data + bytes(8), told)
    assert same(load(content, tmp_path), kept.everything())


def test_what_earlier_versions_lacked_has_its_default(tmp_path: Path) -> None:
    header, data, told = apart(tmp_path)
    for name in ("axes", "provenance", "curves", "channel_axis", "orientation"):
        del told["explanation"][name]
    del told["explanation"]["entries"][0]["settings"]
    loaded = load(kept.signed(header, data, told), tmp_path)
    assert (loaded.axes, loaded.provenance, loaded.curves) == (None, None, ())
    assert loaded.channel_axis is True
    assert loaded.entries["integrated_gradients", "predicted"].settings == {}
    assert same(loaded.entry, kept.everything().entry)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        ("signal", None, "signal is None: it must be the name of a tensor"),
        ("signal", "no", "signal is 'no': it must be the name of a tensor"),
        ("signal", "probabilities", "signal has shape .*: it must have 3 axes"),
        ("class_names", "abc", "class_names is 'abc': it must be a list"),
        ("class_names", [1], "class_names.0 is 1: it must be of type str"),
        ("sample_rate", True, "sample_rate is True: it must be of type float"),
        ("sample_rate", "8000", "sample_rate is '8000': it must be of type float"),
        ("spacing", [0], "spacing is"),
        ("orientation", "RAS", "orientation is 'RAS': it is for volumes"),
        ("features", "signal", "axes must have 1 frequencies"),
        ("entries.0.feature_gradient", "signal", "entries.0.feature_gradient has shape"),
        ("entries.0.feature_baseline", "signal", "feature_baseline must broadcast to"),
        ("axes", {"name": "a"}, "axes.unit is missing"),
        ("provenance", [], r"provenance is \[\]: it must be a mapping"),
        ("entries", None, "entries is missing"),
        ("entries", [3], "entries.0 is 3: it must be a mapping"),
        ("entries.0.gradient", "features", "entries.0.gradient has shape"),
        ("entries.0.classes", "entries.0.output", "entries.0.classes has shape"),
        ("entries.0.baseline", "probabilities", "entries.0.baseline must broadcast"),
        ("entries.0.settings", {"a": [1]}, r"settings.a is \[1\]: it must be of type str or int"),
        ("entries.1.target", "predicted", "method and target are"),
        ("curves.0.basis.family", "db99", "family is 'db99'"),
        ("curves.0.basis.level", 4, "level is 4"),
        ("curves.0.ranking", "best", "curves.0.ranking is 'best'"),
        ("curves.0.share", "probabilities", "curves.0.share has shape"),
        ("maps.0.domain", "basis", "maps.0.domain is 'basis': maps of a basis have one"),
        ("maps.0.domain", "pixels", "maps.0.domain is 'pixels': it must be one of signal, feat"),
        ("maps.0.values", "probabilities", "maps.0.values has shape"),
        ("maps.0.output", "signal", "maps.0.output has shape"),
        ("maps.0.classes", "maps.0.output", "maps.0.classes has shape"),
        ("maps.1.basis", None, "maps.1.domain is 'basis': maps of a basis have one"),
        ("maps.1.basis.level", 9, "level is 9"),
        ("maps.1.values", "signal", "maps.1.values has shape"),
        ("maps.2.values", "signal", "maps.2.values has shape"),
        ("maps", [4], "maps.0 is 4: it must be a mapping"),
    ],
)
def test_a_signed_file_is_not_believed(
    place: str, value: Any, message: str, tmp_path: Path
) -> None:
    header, data, told = apart(tmp_path, kept.mapped())
    node: Any = told["explanation"]
    *path, last = place.split(".")
    for key in path:
        node = node[int(key) if isinstance(node, list) else key]
    node[last] = value
    with pytest.raises(storage.DamagedFileError, match=message):
        load(kept.signed(header, data, told), tmp_path)


@contextmanager
def bounded(extra: int) -> Iterator[None]:
    """Let the process have so many bytes of address space more than it has."""
    with open("/proc/self/statm") as file:
        pages = int(file.read().split()[0])
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + extra, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory as Linux does")
@pytest.mark.parametrize("length", [storage._LONGEST - 5000, 2 * storage._LONGEST])
def test_nothing_is_allocated_for_what_the_file_does_not_hold(length: int, tmp_path: Path) -> None:
    """Empty lists and huge claims: the text is small, what it stands for is not."""
    header, data, told = apart(tmp_path)
    with bounded(2**29):
        text = json.dumps({**told, "explanation": []})[:-2] + "[],[]," * (length // 6) + "[]]}"
        header["__metadata__"]["wam_widgets"] = text
        with pytest.raises(storage.DamagedFileError, match="is damaged"):
            load(kept.put_together(header, data), tmp_path)
        del text, header["__metadata__"]["wam_widgets"]
        huge = {"dtype": "F64", "shape": [2**40], "data_offsets": [0, 2**43]}
        with pytest.raises(storage.TruncatedFileError, match="ends after"):
            load(kept.signed({**header, "signal": huge}, data, told), tmp_path)
        nothing = {"dtype": "F64", "shape": [2**40, 0, 2], "data_offsets": [len(data)] * 2}
        told["explanation"]["signal"] = "nothing"
        with pytest.raises(storage.DamagedFileError, match=r"signal has shape .*none empty"):
            load(kept.signed({**header, "nothing": nothing}, data, told), tmp_path)


class Watch:
    """Notes what runs code, starts a program or opens a connection."""

    EVENTS = ("exec", "compile", "pickle.", "os.", "subprocess.", "socket.", "ctypes.", "marshal.")
    QUIET = ("os.listdir", "os.scandir", "os.remove", "os.rename", "os.chmod")

    def __init__(self) -> None:
        self.on = False
        self.noted: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, _: tuple[Any, ...]) -> None:
        if self.on and event.startswith(self.EVENTS) and event not in self.QUIET:
            self.noted.append(event)


@pytest.mark.skipif(sys.platform != "linux", reason="limits its own memory as Linux does")
def test_ten_thousand_mutated_files(tmp_path: Path) -> None:
    """Each loads equal to a good one, or says what is wrong; nothing runs, grows or hangs."""
    chance = random.Random(5)
    explanations = [kept.everything(m, n, 7) for m in ("audio", "image", "volume") for n in (1, 2)]
    paths = [e.save(tmp_path / f"good{place}") for place, e in enumerate(explanations)]
    good = [path.read_bytes() for path in paths]
    assert all(same(wam.load(path), e) for path, e in zip(paths, explanations, strict=True))
    watch = Watch()
    bad = tmp_path / "bad"
    tally: collections.Counter[tuple[str, str]] = collections.Counter()
    with bounded(2**28), bad.open("wb", buffering=0) as file:
        for count in range(10_000):
            signed = count % 4 == 0
            mutate = mutations.records if signed else chance.choice(mutations.DAMAGE)
            content = mutate(chance, good)
            # Written over: to empty a file that is there is what takes a disk its time.
            file.seek(0)
            file.write(content)
            file.truncate()
            watch.on = True
            try:
                loaded = wam.load(bad)
                outcome = "loaded"
            except wam.StorageError as error:
                outcome = type(error).__name__
                assert str(bad) in str(error)
            finally:
                watch.on = False
            tally[mutate.__name__, outcome] += 1
            if outcome == "loaded" and signed:
                # It is as good as any: what it says can be used, and written again.
                assert same(from_record(*to_record(loaded)), loaded)
                assert repr(loaded) and (
                    not loaded.entries or loaded.at("haar", 1).spectrum().sum()
                )
            elif outcome == "loaded":
                assert any(same(loaded, e) for e in explanations), (count, mutate.__name__)
    assert not watch.noted
    assert sum(tally.values()) == 10_000
    for name in ("Truncated", "Damaged", "Foreign", "Newer"):
        assert any(outcome == f"{name}FileError" for _, outcome in tally), name
    # The mutations do what they are for: most files are bad, and some still good.
    assert tally["flips", "loaded"] < 0.2 * tally["flips", "DamagedFileError"]
    assert tally["records", "loaded"] > 50
