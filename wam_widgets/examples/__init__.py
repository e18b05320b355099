"""Inputs with small trained models, embedded in the package: nothing is downloaded."""

from wam_widgets.examples.audio import SoundNet, audio
from wam_widgets.examples.example import Event, Example
from wam_widgets.examples.image import TextureNet, image
from wam_widgets.examples.volume import SolidNet, volume

__all__ = ["Event", "Example", "SolidNet", "SoundNet", "TextureNet", "audio", "image", "volume"]
