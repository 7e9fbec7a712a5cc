"""Sentences as audio: recorded by a person, or spoken by an offline voice and kept.

Audio here is float32, mono, 48 000 samples a second.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass, field
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

import av
import numpy as np
import numpy.typing as npt
from scipy.io import wavfile
from scipy.signal import resample_poly

from ngpt_film.narration_lexicon import spelled
from ngpt_math.errors import DamagedFile, StudioError
from ngpt_math.files import shown, whole_file

RATE = 48_000
VOICE = "heart"  # the one that lies in the package; others would be downloaded
PACKAGE = "hibari-tts"
SEED = 0  # of the voice's noise: the same sentence sounds the same again

SILENT = 1e-3  # of the loudest; the softest sounds at a word's end are far above it
MOMENT = 0.04  # s that are left before and after

Audio = npt.NDArray[np.float32]


def sentences(line: str) -> list[str]:
    """The sentences of a spoken line."""
    return re.split(r"(?<=[.!?])\s+", " ".join(line.split()))


@dataclass
class Speaker:
    """Says sentences. `kept` is the folder of what the voice said before; `recorded` one of WAV
    files, `CHAPTER.SECTION.N.wav` for a section's Nth sentence, that are taken instead. `others`
    are the film's other sections, as `CHAPTER.SECTION`: theirs may lie there too."""

    kept: Path
    recorded: Path | None = None
    others: frozenset[str] = frozenset()
    used: set[Path] = field(default_factory=set)

    def say(self, stem: str, number: int, sentence: str) -> Audio:
        """The audio of a section's sentence; sentences are numbered from 1.

        Raises:
            StudioError: no voice is installed, or a recorded file cannot be read.
        """
        if self.recorded is not None:
            path = self.recorded / f"{stem}.{number}.wav"
            if path.is_file():
                self.used.add(path)
                return read(path)
        return self._voiced(spelled(sentence))

    def check_all_used(self) -> None:
        """Raises StudioError where a recorded file is of no sentence: its name may be misspelt."""
        there = sorted(self.recorded.glob("*.wav")) if self.recorded else []
        elsewhere = {path for path in there if path.name.rsplit(".", 2)[0] in self.others}
        lost = [path for path in there if path not in self.used | elsewhere]
        if lost:
            raise StudioError(
                f"{shown(lost[0])} is of no sentence that was to be said",
                "name it CHAPTER.SECTION.N.wav, N counting the section's sentences from 1",
            )

    def _voiced(self, text: str) -> Audio:
        """What the voice says, kept under the text, the voice and its version."""
        key = json.dumps([text, VOICE, self.version, SEED])
        path = self.kept / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.wav"
        if path.is_file():
            return trimmed(read(path))
        spoken = self._engine(text, seed=SEED)
        twice = resample_poly(spoken, RATE, self._engine.sample_rate).astype(np.float32)
        write(path, twice)
        return trimmed(read(path))

    @cached_property
    def version(self) -> str:
        """The voice's version. Raises StudioError where it is not installed."""
        try:
            return metadata.version(PACKAGE)
        except metadata.PackageNotFoundError as error:
            raise StudioError(
                "--narrate needs a voice, the package hibari-tts", "`make narration` installs it"
            ) from error

    @cached_property
    def _engine(self) -> Any:
        import hibari

        return hibari.Hibari(voice=VOICE)


def trimmed(audio: Audio) -> Audio:
    """Audio without the silence around what is said, but for a moment: pauses are our own."""
    size = RATE // 200
    pieces = audio[: len(audio) // size * size].reshape(-1, size)
    loudness = np.sqrt((pieces**2).mean(axis=1))
    heard = np.flatnonzero(loudness > SILENT * loudness.max(initial=0))
    if not len(heard):
        return audio
    moment = round(MOMENT * RATE)
    return audio[max(0, heard[0] * size - moment) : (heard[-1] + 1) * size + moment]


def read(path: Path) -> Audio:
    """Read an audio file, whatever its rate and channels.

    Raises:
        DamagedFile: it cannot be read.
    """
    resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
    pieces: list[Audio] = []
    try:
        with av.open(str(path)) as file:
            for frame in file.decode(audio=0):
                pieces += [each.to_ndarray()[0] for each in resampler.resample(frame)]
            pieces += [each.to_ndarray()[0] for each in resampler.resample(None)]
    except (av.FFmpegError, IndexError) as error:
        raise DamagedFile(f"{shown(path)} is no audio file", "record it again") from error
    return np.concatenate(pieces) if pieces else np.zeros(0, np.float32)


def write(path: Path, audio: Audio) -> None:
    """Write a WAV of 16 bits."""
    samples = (np.clip(audio, -1, 1) * 32767).round().astype(np.int16)
    with whole_file(path) as temporary:
        wavfile.write(temporary, RATE, samples)
