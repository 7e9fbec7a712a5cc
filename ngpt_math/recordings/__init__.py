"""What a scene may show: one frozen dataclass of recorded numbers a chapter.

A recording is the only thing that crosses from the model's floor to the pictures'. It lies in
`assets/recordings/CHAPTER.safetensors` with a card beside it. This package needs NumPy only: a
lecturer who renders installs no torch.
"""

from ngpt_math.recordings.format import (
    Array,
    Recording,
    Spec,
    Traced,
    default_path,
    fields,
    load,
    save,
    validate,
)
from ngpt_math.recordings.slerp_vs_lerp import SlerpVsLerp

CHAPTERS: dict[str, type[Recording]] = {cls.chapter: cls for cls in (SlerpVsLerp,)}

__all__ = [
    "CHAPTERS",
    "Array",
    "Recording",
    "SlerpVsLerp",
    "Spec",
    "Traced",
    "default_path",
    "fields",
    "load",
    "save",
    "validate",
]
