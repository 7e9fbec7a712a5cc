"""Narration: each section's lines said within its time, and captions timed by it.

Where a section is shorter than what is said in it, its last picture stands on.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import ffmpeg
import numpy as np

from ngpt_film import mastering
from ngpt_film.captions import GAP, LONGEST, Cue, split
from ngpt_film.encoder import SegmentWriter
from ngpt_film.narration_voice import RATE, Audio, Speaker, read, sentences, write
from ngpt_film.outline import Target
from ngpt_film.publishing.pictures import frame
from ngpt_film.publishing.release import Narration, Voice
from ngpt_film.shots import Status
from ngpt_math.errors import StudioError
from ngpt_math.files import whole_file

LOUDNESS, PEAK = -16.0, -2.0  # LUFS; dBTP, one less than allowed, as AAC adds to it
NEAR, ROUNDS = 0.2, 6  # LU
LEAD, BREATH, PAUSE, TAIL = 0.4, 0.35, 0.6, 0.4  # s before, between sentences, lines, and after
WITHIN = 0.15  # s between lines that are parts of one sentence
ENDS = (".", "!", "?", ":")
STRETCH = 2.0  # s at most that a pause between lines gets in addition, where there is time


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence, said from `start` to `end`, in seconds of its section."""

    text: str
    start: float
    end: float


@dataclass(frozen=True, slots=True)
class Said:
    """What is said in a section: sentences by line, and their audio one after another."""

    lines: tuple[tuple[Sentence, ...], ...]
    sounds: tuple[Audio, ...]

    @property
    def end(self) -> float:
        """When the section may end, in seconds."""
        return self.lines[-1][-1].end + TAIL if self.lines else 0.0


def speak(
    wanted: Sequence[Target], shots: Sequence[Status], speaker: Speaker, folder: Path
) -> Narration:
    """Narrate fresh shots. Audio that was made, and pauses, are kept in `folder`.

    Raises:
        StudioError: no voice is installed, a recorded sentence is damaged, or ffmpeg fails.
    """
    says = {f"{t.outline.entry.key}:{s.name}": s.says for t in wanted for s in t.sections}
    said = {shot.shot.name: _said(shot, says[shot.shot.name], speaker) for shot in shots}
    speaker.check_all_used()
    if not any(each.lines for each in said.values()):
        raise StudioError("there is nothing to narrate", "give sections lines to say")
    frames = {shot.shot.name: _frames(shot, said[shot.shot.name]) for shot in shots}
    seconds = [frames[s.shot.name] / int(s.card["fps"]) for s in shots]
    whole = _loud(_laid([said[s.shot.name] for s in shots], seconds), folder)
    sounds = _cut(whole, seconds, folder)
    voices = {}
    for shot, sound in zip(shots, sounds, strict=True):
        name = shot.shot.name
        held = frames[name] - int(shot.card["frames"])
        lines, length = said[name].lines, frames[name] / int(shot.card["fps"])
        begins = tuple(line[0].start for line in lines)
        pause = _pause(shot, held, folder) if held else None
        voices[name] = Voice(captions(lines, length), begins, sound, held, pause)
    return Narration(voices, whole)


def _said(shot: Status, says: Sequence[str], speaker: Speaker) -> Said:
    """The sentences of a section, spread over its time."""
    stem = shot.shot.name.replace(":", ".")
    number, sounds, lines = 0, [], []
    for line in says:
        texts = sentences(line)
        spoken = [speaker.say(stem, number + i, text) for i, text in enumerate(texts, 1)]
        number += len(texts)
        lines.append((texts, [len(sound) / RATE for sound in spoken]))
        sounds += spoken
    return Said(laid_out(lines, shot.seconds), tuple(sounds))


def laid_out(
    lines: Sequence[tuple[list[str], list[float]]], seconds: float
) -> tuple[tuple[Sentence, ...], ...]:
    """When each sentence is said: `lines` are texts and lengths, `seconds` the section's length.

    Pauses between lines grow with the time there is, but not where a sentence goes on.
    """
    spoken = sum(sum(lengths) + BREATH * (len(lengths) - 1) for _, lengths in lines)
    after = [PAUSE if texts[-1].endswith(ENDS) else WITHIN for texts, _ in lines]
    left = seconds - spoken - LEAD - TAIL - sum(after[:-1])
    more = min(STRETCH, max(0.0, left / max(1, after.count(PAUSE))))
    at, found = LEAD, []
    for (texts, lengths), pause in zip(lines, after, strict=True):
        line = []
        for text, length in zip(texts, lengths, strict=True):
            line.append(Sentence(text, at, at + length))
            at += length + BREATH
        at += pause - BREATH + (more if pause == PAUSE else 0)
        found.append(tuple(line))
    return tuple(found)


def _frames(shot: Status, said: Said) -> int:
    """How many frames the section lasts, held long enough for all that is said."""
    return max(int(shot.card["frames"]), int(np.ceil(said.end * int(shot.card["fps"]) - 1e-6)))


def captions(lines: Sequence[Sequence[Sentence]], seconds: float) -> tuple[Cue, ...]:
    """The captions of a section of so many seconds, each beginning when it is said."""
    placed = []
    for line in lines:
        pieces, at = [], 0
        for piece in split(" ".join(sentence.text for sentence in line)):
            pieces.append((moment(line, at), moment(line, at + len(piece), ends=True), piece))
            at += len(piece) + 1
        placed += pieces
    starts = [*(start for start, _, _ in placed[1:]), seconds]
    return tuple(
        Cue(start, min(after - GAP, end + PAUSE, start + LONGEST), piece)
        for (start, end, piece), after in zip(placed, starts, strict=True)
    )


def moment(line: Sequence[Sentence], letter: int, ends: bool = False) -> float:
    """When a letter of a line is said; with `ends`, when what comes before it has been."""
    for sentence in line:
        length = len(sentence.text)
        if letter < length or (ends and letter == length) or sentence is line[-1]:
            share = min(1.0, letter / length)
            return sentence.start + share * (sentence.end - sentence.start)
        letter -= length + 1
    raise ValueError("a line has sentences")


def _laid(said: Sequence[Said], seconds: Sequence[float]) -> Audio:
    """The audio of the film: each sentence at its time, silence between."""
    starts = np.cumsum([0.0, *seconds])
    film = np.zeros(round(starts[-1] * RATE), np.float32)
    for begins, section in zip(starts, said, strict=False):
        texts = [sentence for line in section.lines for sentence in line]
        for sentence, sound in zip(texts, section.sounds, strict=True):
            at = round((begins + sentence.start) * RATE)
            film[at : at + len(sound)] = sound[: len(film) - at]
    return film


def _loud(film: Audio, folder: Path) -> Path:
    """The film's audio at -16 LUFS (EBU R 128); kept under what it was made of.

    One gain for all of it, and a limiter for the peaks. The limiter takes a little of the loudness,
    so the gain is found in a few rounds.

    Raises:
        StudioError: it cannot be made as loud, as where all of it is silence.
    """
    recipe = json.dumps([LOUDNESS, PEAK, hashlib.sha256(film.tobytes()).hexdigest()])
    path = folder / f"film-{hashlib.sha256(recipe.encode()).hexdigest()[:16]}.wav"
    if path.is_file():
        return path
    raw, tried = folder / f"{path.stem}.raw.wav", folder / f"{path.stem}.try.wav"
    write(raw, film)
    try:
        gain = LOUDNESS - _loudness(raw)
        for _ in range(ROUNDS):
            _limited(raw, gain, tried)
            missing = LOUDNESS - _loudness(tried)
            if abs(missing) < NEAR:
                tried.replace(path)
                return path
            gain += missing
    finally:
        raw.unlink(missing_ok=True)
        tried.unlink(missing_ok=True)
    raise StudioError(
        f"the narration cannot be brought to {LOUDNESS:.0f} LUFS", "listen to what was recorded"
    )


def _limited(raw: Path, gain: float, out: Path) -> None:
    """Amplify by `gain` dB and hold the peaks down; at four times the rate, true peaks are seen."""
    sound = ffmpeg.input(str(raw)).audio.filter("volume", f"{gain}dB")
    sound = sound.filter("aresample", 4 * RATE)
    sound = sound.filter("alimiter", limit=10 ** (PEAK / 20), level="disabled")
    with whole_file(out) as temporary:
        output = ffmpeg.output(sound, str(temporary), f="wav", ar=RATE, ac=1)
        mastering.run_ffmpeg(output, out.name)


def _loudness(path: Path) -> float:
    """Integrated loudness, in LUFS, as ffmpeg's loudnorm measures it."""
    listen = ffmpeg.input(str(path)).audio.filter("loudnorm", print_format="json")
    said = mastering.run_ffmpeg(ffmpeg.output(listen, "-", f="null"), path.name)
    found = float(json.loads(re.findall(r"\{[^{}]*\}", said)[-1])["input_i"])
    if not np.isfinite(found):
        raise StudioError("the narration is silent", "listen to what was recorded")
    return found


def _cut(whole: Path, seconds: Sequence[float], folder: Path) -> list[Path]:
    """The audio of each section, out of the film's."""
    film = read(whole)
    places = [round(at * RATE) for at in np.cumsum([0.0, *seconds])]
    found = []
    for number, (start, end) in enumerate(pairwise(places)):
        path = folder / whole.stem / f"{number:03}.wav"
        if not path.is_file():
            write(path, film[start:end])
        found.append(path)
    return found


def _pause(shot: Status, held: int, folder: Path) -> Path:
    """A segment in which the last picture of a shot stands for `held` frames."""
    path = folder / "pauses" / f"{shot.card['sha256'][:16]}-{held}.mp4"
    if not path.is_file():
        quality = shot.shot.quality
        picture = np.array(frame(shot.shot.path, -1).convert("RGBA"))
        with SegmentWriter(
            path, quality.width, quality.height, quality.fps, codec=quality.codec
        ) as writer:
            writer.write(picture, repeat=held)
    return path
