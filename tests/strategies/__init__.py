"""Hypothesis strategies: what a camera, its frames, headers and files may be."""

from .files import FORMS, StoredFrame, stored_frames, write_frame
from .frames import frame_sets, frames, images, masks, uncertainties
from .headers import CardStyle, camera_meta, card_styles, headers, is_storable
from .nights import Night, nights
from .numbers import gains, read_noises, seconds, seeds, shapes
from .rates import rate_sets
from .sensors import sensors

__all__ = [
    "FORMS", "CardStyle", "Night", "StoredFrame", "camera_meta", "card_styles", "frame_sets", "frames", "gains",
    "headers", "images", "is_storable", "masks", "nights", "rate_sets", "read_noises", "seconds", "seeds", "sensors",
    "shapes", "stored_frames", "uncertainties", "write_frame",
]  # fmt: skip
