"""A frame as a picture: decoded, through its windows, as PNG or JPEG. NumPy and Pillow do the work.

What Pillow or pydicom themselves can decode is shown: uncompressed, RLE, JPEG (baseline, extended with 8 bits),
JPEG 2000. JPEG Lossless and JPEG-LS need decoders whose licences do not go with this platform's; such instances are
given out as they are, for a viewer of the reader's own.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from django.utils.translation import gettext_noop
from PIL import Image
from pydicom import dcmread
from pydicom.pixels.processing import apply_color_lut, apply_modality_lut, apply_voi_lut, apply_windowing
from pydicom.pixels.utils import pixel_array

from xinglin.kernel.errors import invalid, unsupported

if TYPE_CHECKING:
    from pydicom.dataset import Dataset

_LARGEST = 4096  # pixels of a side
_FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")
FORMATS = {"image/jpeg": "JPEG", "image/png": "PNG"}


@dataclass(frozen=True, slots=True)
class View:
    """How a frame should be shown. ``window``: centre, width and function; ``size``: the picture fits into it."""

    frame: int = 1
    window: tuple[float, float, str] | None = None
    size: tuple[int, int] | None = None
    quality: int = 90


def view(frame: int, window: str | None, viewport: str | None, quality: str | None) -> View:
    """The parameters of PS3.18 8.3.5, checked."""
    return View(frame, _window(window), _size(viewport), _quality(quality))


def picture(file: BinaryIO, wanted: View, media: str) -> bytes:
    """The picture; faults ``unsupported`` for what cannot be decoded, ``invalid`` for a frame that is not there."""
    dataset, _ = opened(file, wanted.frame)
    image = Image.fromarray(_eight_bits(dataset, wanted))
    image.thumbnail(wanted.size or (_LARGEST, _LARGEST))
    out = io.BytesIO()
    if media == "image/jpeg":
        image.save(out, "JPEG", quality=wanted.quality)
    else:
        image.save(out, "PNG")
    return out.getvalue()


def opened(file: BinaryIO, frame: int) -> tuple[Dataset, int]:
    """The data set that has a frame (numbered from 1), and how many it has; faults ``unsupported``, ``invalid``."""
    dataset = dcmread(file, force=True)
    if "Rows" not in dataset:
        raise unsupported(gettext_noop("This instance has no picture."))
    frames = int(dataset.get("NumberOfFrames") or 1)
    if not 1 <= frame <= frames:
        raise invalid(
            gettext_noop("There is no frame %(frame)d; there are %(frames)d."), frame=frame, frames=frames
        )
    return dataset, frames


def decoded(file: BinaryIO, frame: int) -> bytes:
    """The bytes of a frame without compression; fault ``unsupported`` where they cannot be had."""
    found: bytes = pixels(dcmread(file, force=True), frame, raw=True).tobytes()
    return found


def pixels(dataset: Dataset, frame: int, *, raw: bool = False) -> Any:
    """A frame as an array, colours as RGB unless ``raw``; fault ``unsupported`` where it cannot be decoded."""
    try:
        return pixel_array(dataset, index=frame - 1, raw=raw)
    except Exception as error:
        syntax = dataset.file_meta.get("TransferSyntaxUID", None) if hasattr(dataset, "file_meta") else None
        raise unsupported(
            gettext_noop(
                "A picture in the encoding %(syntax)s cannot be shown here. Fetch the instance as it is."
            ),
            syntax=getattr(syntax, "name", "-"),
        ) from error


def _eight_bits(dataset: Dataset, wanted: View) -> Any:
    found = pixels(dataset, wanted.frame)
    coloured = colours(dataset, found)
    return _grey(dataset, found, wanted) if coloured is None else coloured


def colours(dataset: Dataset, found: Any) -> Any:
    """The pixels of a frame as red, green and blue of eight bits each; None for a grey frame."""
    if dataset.get("PhotometricInterpretation") == "PALETTE COLOR":
        found = apply_color_lut(found, dataset)
        return (found >> 8).astype(np.uint8) if found.dtype == np.uint16 else found.astype(np.uint8)
    if found.ndim == 3:
        return found if found.dtype == np.uint8 else _stretched(found.astype(np.float64))
    return None


def _grey(dataset: Dataset, pixels: Any, wanted: View) -> Any:
    values = apply_modality_lut(pixels, dataset)
    if wanted.window is not None:
        dataset.WindowCenter, dataset.WindowWidth, dataset.VOILUTFunction = wanted.window
        values = apply_windowing(values, dataset)
    elif "VOILUTSequence" in dataset or dataset.get("WindowWidth"):
        values = apply_voi_lut(values, dataset)
    grey = _stretched(
        np.asarray(values, dtype=np.float64), dataset if _is_windowed(dataset, wanted) else None
    )
    return 255 - grey if dataset.get("PhotometricInterpretation") == "MONOCHROME1" else grey


def _is_windowed(dataset: Dataset, wanted: View) -> bool:
    return wanted.window is not None or bool(dataset.get("WindowWidth"))


def _stretched(values: Any, windowed: Dataset | None = None) -> Any:
    """Over the eight bits: from what the window gives as darkest to its brightest, else from the least to the most."""
    if windowed is not None:
        lowest, highest = _output_range(windowed)
    else:
        lowest, highest = float(values.min()), float(values.max())
    scale = 255.0 / (highest - lowest) if highest > lowest else 0.0
    return np.clip((values - lowest) * scale + 0.5, 0, 255).astype(np.uint8)


def _output_range(dataset: Dataset) -> tuple[float, float]:
    """What windowing maps its ends to (PS3.3 C.11.2.1.2): the range of stored values after rescaling."""
    bits = int(dataset.BitsStored)
    if int(dataset.get("PixelRepresentation") or 0):
        lowest, highest = -(2.0 ** (bits - 1)), 2.0 ** (bits - 1) - 1
    else:
        lowest, highest = 0.0, 2.0**bits - 1
    slope, intercept = float(dataset.get("RescaleSlope") or 1), float(dataset.get("RescaleIntercept") or 0)
    return lowest * slope + intercept, highest * slope + intercept


def _window(text: str | None) -> tuple[float, float, str] | None:
    if not text:
        return None
    parts = text.split(",")
    try:
        centre, width = float(parts[0]), float(parts[1])
    except (ValueError, IndexError):
        raise _wrong_window() from None
    function = (parts[2] if len(parts) > 2 else "linear").upper().replace("-", "_")
    if len(parts) > 3 or width <= 0 or function not in _FUNCTIONS:
        raise _wrong_window()
    return centre, width, function


def _wrong_window() -> Exception:
    return invalid(
        gettext_noop(
            "The parameter window is centre, width and function (linear, linear-exact or sigmoid) with commas between."
        ),
        code="value",
    )


def _size(text: str | None) -> tuple[int, int] | None:
    if not text:
        return None
    parts = text.split(",")[:2]
    if len(parts) < 2 or not all(part.isdigit() and 0 < int(part) <= _LARGEST for part in parts):
        raise invalid(
            gettext_noop("The parameter viewport is width and height in pixels, such as 512,512."),
            code="value",
        )
    return int(parts[0]), int(parts[1])


def _quality(text: str | None) -> int:
    if not text:
        return 90
    if not (text.isdigit() and 1 <= int(text) <= 100):
        raise invalid(gettext_noop("The parameter quality is a whole number from 1 to 100."), code="value")
    return int(text)
