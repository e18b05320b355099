"""Ways in which a saved file can be wrong: by accident, by hand, on purpose. Seeded."""

from __future__ import annotations

import copy
import io
import json
import pickle
import random
import zipfile
from collections.abc import Callable
from typing import Any

import torch

from tests import kept

Mutation = Callable[[random.Random, list[bytes]], bytes]
"""From a source of chance and some good files, of which it may use several, to a bad one."""


def flips(chance: random.Random, good: list[bytes]) -> bytes:
    """Flip some bits; half of the time in the header."""
    content = bytearray(chance.choice(good))
    end = 8 + int.from_bytes(content[:8], "little") if chance.random() < 0.5 else len(content)
    for _ in range(chance.choice((1, 1, 1, 2, 8, 64))):
        content[chance.randrange(end)] ^= 1 << chance.randrange(8)
    return bytes(content)


def truncations(chance: random.Random, good: list[bytes]) -> bytes:
    """Cut the end off, or put something after it."""
    content = chance.choice(good)
    if chance.random() < 0.1:
        return content + chance.randbytes(chance.randrange(1, 64))
    end = chance.choice((len(content), 8 + int.from_bytes(content[:8], "little"), 16, 64))
    return content[: max(0, end - chance.randrange(end if chance.random() < 0.5 else 9))]


def splices(chance: random.Random, good: list[bytes]) -> bytes:
    """Put pieces of files behind each other; take pieces out, double or overwrite them."""
    a, b = chance.choice(good), chance.choice(good)
    start, end = sorted((chance.randrange(len(a)), chance.randrange(len(a))))
    other = chance.randrange(len(b))
    kind = chance.randrange(6)
    if kind == 0:
        return a[:start] + b[start:]
    if kind == 1:
        return a[:start] + a[end:]
    if kind == 2:
        return a[:end] + a[start:]
    if kind == 3:
        return a[:start] + bytes(end - start) + a[end:]
    if kind == 4:
        return (a[:start] + b[other : other + end - start] + a[end:])[: len(a)]
    (header, _), (_, data) = kept.take_apart(a), kept.take_apart(b)
    return kept.put_together(header, data)


NUMBERS = (0, 1, 2, 7, 2**15, 2**31, 2**40, 2**62, 2**63 - 1, 2**64, 10**30, -1, 1.5)
DTYPES = ("F16", "BF16", "F32", "F64", "I64", "U8", "BOOL", "C64", "F4", "F8_E5M2", "X9", "")


def headers(chance: random.Random, good: list[bytes]) -> bytes:
    """Edit the header: what it says of a tensor, of all of them, or how long it says it is."""
    content = chance.choice(good)
    header, data = kept.take_apart(content)
    if chance.random() < 0.1:
        length = chance.choice((0, 1, 7, len(content), 2**31, 2**40, 2**63 - 1, 2**64 - 1))
        return length.to_bytes(8, "little") + content[8:]
    if chance.random() < 0.1:
        text = json.dumps(header)
        junk = chance.choice(("[" * 10**5, '{"a":' * 10**5, text[:-1], text + text, text.upper()))
        return kept.put_together(junk.encode(), data)
    names = [name for name in header if name != "__metadata__"]
    name = chance.choice(names)
    kind = chance.randrange(7)
    about = header[name]
    if kind == 0:
        about["dtype"] = chance.choice(DTYPES)
    elif kind == 1:
        about["shape"] = chance.choices(NUMBERS, k=chance.randrange(6))
    elif kind == 2:
        about["data_offsets"] = chance.choices((*NUMBERS, *about["data_offsets"]), k=2)
    elif kind == 3:
        header[chance.choice(("x", *names))] = header.pop(name)
    elif kind == 4:
        other = chance.choice(names)
        header[name], header[other] = header[other], header[name]
    elif kind == 5:
        # As many bytes as before, all of them claimed by a tensor without any.
        about["shape"] = [0, *chance.choices(NUMBERS[:-5], k=3)]
        about["data_offsets"] = [0, 0]
    else:
        header["__metadata__"] = chance.choice(({}, {"wam_widgets": ""}, {"format": "pt"}, None))
    return kept.put_together(header, data)


def junk(chance: random.Random, names: list[str]) -> Any:
    """Return a value that hardly belongs where it comes to stand."""
    deep: Any = None
    for _ in range(chance.randrange(3) and 80):
        deep = [deep] if chance.random() < 0.5 else {"a": deep}
    simple: tuple[Any, ...] = (
        None,
        True,
        False,
        "",
        "a",
        "\ud800",
        "haar",
        "x" * 10**4,
        [],
        {},
        [1, None],
        deep,
    )
    return copy.deepcopy(chance.choice((*simple, *NUMBERS, 1e308, 5e-324, *names)))


def records(chance: random.Random, good: list[bytes]) -> bytes:
    """Edit what the file says it holds, and sign it: only its meaning can tell that it is wrong."""
    content = chance.choice(good)
    header, data = kept.take_apart(content)
    told = kept.envelope(header)
    names = [name for name in header if name != "__metadata__"]
    for _ in range(chance.choice((1, 1, 2, 5))):
        node: Any = told if chance.random() < 0.1 else told.get("explanation")
        while isinstance(node, (dict, list)) and node:
            place = chance.choice(list(node) if isinstance(node, dict) else range(len(node)))
            below = node[place]
            if not isinstance(below, (dict, list)) or not below or chance.random() < 0.2:
                kind = chance.randrange(4)
                if kind == 0:
                    del node[place]
                elif kind == 1 and isinstance(node, list):
                    node.insert(place, copy.deepcopy(below))
                elif kind == 2 and isinstance(below, str) and below in names:
                    node[place] = chance.choice(names)
                else:
                    node[place] = junk(chance, names)
                break
            node = below
    if not isinstance(told.get("explanation"), dict):
        told["explanation"] = None
    return kept.signed(header, data, told)


class Trap:
    """Runs code where it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return exec, ("raise SystemExit('executed')",)


def foreign(chance: random.Random, good: list[bytes]) -> bytes:
    """Return something that was never a saved explanation."""
    kind = chance.randrange(8)
    if kind == 0:
        return chance.randbytes(chance.randrange(2000))
    if kind == 1:
        return pickle.dumps(Trap())
    if kind == 2:
        file = io.BytesIO()
        torch.save({"signal": Trap()}, file)
        return file.getvalue()
    if kind == 3:
        file = io.BytesIO()
        with zipfile.ZipFile(file, "w") as archive:
            archive.writestr("wam_widgets", chance.choice(good))
        return file.getvalue()
    if kind == 4:
        return kept.put_together(chance.choice(({}, [], None, 3)), b"")
    if kind == 5:
        about = {"dtype": "U8", "shape": [9], "data_offsets": [0, 9]}
        metadata = chance.choice(({"format": "pt"}, {"wam_widgets": "[" * 10**5}, {}))
        return kept.put_together({"__metadata__": metadata, "a": about}, bytes(9))
    if kind == 6:
        return b"\x89PNG\r\n\x1a\n" + chance.randbytes(200)
    return json.dumps({"wam_widgets": "x" * chance.randrange(99)}).encode()


DAMAGE: tuple[Mutation, ...] = (flips, truncations, splices, headers, foreign)
"""After these a file loads equal or not at all."""
