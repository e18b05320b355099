"""Tests; a package, so that they share helpers by name."""
