"""Real inputs with small trained models, embedded in the package: nothing is downloaded."""

from wam_widgets.examples.image import Example, TextureNet, image

__all__ = ["Example", "TextureNet", "image"]
