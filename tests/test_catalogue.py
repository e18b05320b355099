"""The list of methods: what each gives, and what is said of one that is asked for wrongly."""

from __future__ import annotations

import inspect

import pytest

import wam_widgets as wam
from wam_widgets.catalogue import CATALOGUE, KINDS, check_method, title, words
from wam_widgets.schedule import GRADIENTS, METHODS


def test_every_method_is_of_one_kind() -> None:
    assert sorted(wam.methods()) == sorted(name for kind in KINDS for name in wam.methods(kind))
    assert wam.methods("gradient") == tuple(GRADIENTS)
    assert tuple(METHODS) == wam.methods()[:4]
    with pytest.raises(ValueError, match="kind is 'pixel': it must be one of gradient, signal, ba"):
        wam.methods("pixel")


def test_settings_are_those_of_explain() -> None:
    known = inspect.signature(wam.explain).parameters
    for name in (*wam.methods("gradient"), *wam.methods("signal")):
        about = CATALOGUE[name]
        assert set(about.settings) <= set(known), name
        assert about.paper and about.title


def test_names_in_words() -> None:
    assert title("integrated_gradients") == "Integrated gradients"
    assert title("of_my_own") == "Of my own"
    found = [words(name) for name in ("integrated_gradients", "smoothgrad", "grad_cam", "lrp")]
    assert found == [
        *("integrated gradients", "SmoothGrad", "Grad-CAM", "layer-wise relevance propagation"),
    ]


def test_what_is_asked_for_wrongly_is_told_where_to_go() -> None:
    assert check_method("grad_cam") == "grad_cam"
    with pytest.raises(ValueError, match=r"sobol belongs to one basis: wam_widgets\.attribute\("):
        check_method("sobol")
    with pytest.raises(
        ValueError, match=r"method is 'grad_cam': it must be one of saliency, .*tion$"
    ):
        check_method("grad_cam", "gradient")
    with pytest.raises(ValueError, match="method is 7: it must be one of saliency"):
        check_method(7)
