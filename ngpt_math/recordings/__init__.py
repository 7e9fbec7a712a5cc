"""What a scene may show: one frozen dataclass of recorded numbers a chapter.

A recording is the only thing that crosses from the model's floor to the pictures'. It lies in
`assets/recordings/CHAPTER.safetensors` with a card beside it. This package needs NumPy only: a
lecturer who renders installs no torch.
"""

from ngpt_math.recordings.attention import Attention
from ngpt_math.recordings.closing import Closing
from ngpt_math.recordings.format import (
    Array,
    Recording,
    Spec,
    Traced,
    default_path,
    fields,
    is_shipped,
    load,
    save,
    validate,
)
from ngpt_math.recordings.full_architecture import FullArchitecture
from ngpt_math.recordings.l2_norm_shell import L2NormShell
from ngpt_math.recordings.normlinear_groups import NormlinearGroups
from ngpt_math.recordings.opening import Opening
from ngpt_math.recordings.scale_management import ScaleManagement
from ngpt_math.recordings.slerp_vs_lerp import SlerpVsLerp
from ngpt_math.recordings.traditional_vs_normalized import TraditionalVsNormalized

CHAPTERS: dict[str, type[Recording]] = {
    cls.chapter: cls
    for cls in (
        Opening,
        TraditionalVsNormalized,
        L2NormShell,
        NormlinearGroups,
        SlerpVsLerp,
        Attention,
        ScaleManagement,
        FullArchitecture,
        Closing,
    )
}

__all__ = [
    "CHAPTERS",
    "Array",
    "Attention",
    "Closing",
    "FullArchitecture",
    "L2NormShell",
    "NormlinearGroups",
    "Opening",
    "Recording",
    "ScaleManagement",
    "SlerpVsLerp",
    "Spec",
    "Traced",
    "TraditionalVsNormalized",
    "default_path",
    "fields",
    "is_shipped",
    "load",
    "save",
    "validate",
]
