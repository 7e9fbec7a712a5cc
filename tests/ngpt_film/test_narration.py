"""Narration: terms said as they are, sentences kept, captions timed by what is said, loudness."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from importlib import metadata
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngpt_film import captions, narration, narration_voice, verify
from ngpt_film.narration import Sentence, laid_out, moment
from ngpt_film.narration_lexicon import LEXICON, SPELLED, spelled
from ngpt_film.narration_voice import RATE, Speaker, read, sentences, write
from ngpt_film.outline import targets
from ngpt_math.errors import DamagedFile, StudioError

hibari = pytest.importorskip("hibari", reason="no voice is installed: the extra `narration`")
from hibari.g2p import G2P  # noqa: E402


def lines() -> list[str]:
    """Every line that is spoken in the film."""
    return [line for each in targets(()) for section in each.sections for line in section.says]


@pytest.fixture(scope="module")
def reader() -> tuple[G2P, list[str]]:
    """The voice's reader of words, and the words that it had to guess."""
    guessed: list[str] = []

    def guess(word: str) -> str:
        guessed.append(word)
        return "ə"

    return G2P(oov=guess), guessed


def test_no_word_of_the_film_is_guessed_or_spelt_out(reader: tuple[G2P, list[str]]) -> None:
    read_out, guessed = reader
    guessed.clear()
    for line in lines():
        for sentence in sentences(line):
            read_out(spelled(sentence))
            rest = re.sub(r"\[[^]]*\]\([^)]*\)", "", spelled(sentence))
            assert not re.search(r"\w*[A-Z]\w*[A-Z]\w*", rest), f"not in the lexicon: {rest}"
    assert guessed == [], "give them a pronunciation in ngpt_film/narration_lexicon.py"


def test_a_word_that_is_guessed_would_be_seen(reader: tuple[G2P, list[str]]) -> None:
    read_out, guessed = reader
    guessed.clear()
    read_out("Slerpiness.")
    assert guessed == ["Slerpiness"]


@pytest.mark.parametrize("term", [*LEXICON, *SPELLED])
def test_terms_are_said_as_the_lexicon_has_them(reader: tuple[G2P, list[str]], term: str) -> None:
    phonemes = LEXICON[SPELLED.get(term, term)]
    assert reader[0](spelled(f"This is {term}.")).endswith(f" {phonemes}.")
    vocabulary = set(hibari.Hibari().vocab) if term == "nGPT" else set(phonemes)
    assert set(phonemes) <= vocabulary


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("SLERP's way", "[SLERP](/slˈɜɹps/) way"),
        ("n G P T's way", "[nGPT](/ˌɛnʤˌipˌitˈiz/) way"),
        ("the logits' scale", "the [logits](/lˈOʤɪts/) scale"),
        ("Softmax of h M.", "[Softmax](/sˈɔftmæks/) of [h](/ˈAʧ/) [M](/ˈɛm/)."),
        ("Each h's path", "Each [h](/ˈAʧᵻz/) path"),
        ("Query weights read it.", "Query weights [read](/ɹˈid/) it."),
        ("the hat, a path, slerping", "the hat, a path, slerping"),
    ],
)
def test_spelling(text: str, said: str) -> None:
    assert spelled(text) == said


lengths = st.lists(st.floats(0.3, 6), min_size=1, max_size=4)


@given(st.lists(lengths, min_size=1, max_size=4), st.floats(0.5, 60))
def test_sentences_follow_each_other_with_room_to_breathe(
    spoken: list[list[float]], seconds: float
) -> None:
    given_lines = [(["A few words."] * len(each), each) for each in spoken]
    found = [sentence for line in laid_out(given_lines, seconds) for sentence in line]
    assert found[0].start == narration.LEAD
    for before, after in pairwise(found):
        assert after.start - before.end >= narration.BREATH - 1e-9
    needed = sum(map(sum, spoken)) + narration.PAUSE * sum(map(len, spoken)) + 2
    if seconds > needed:
        assert found[-1].end <= seconds - narration.TAIL + 1e-9


@given(st.lists(st.lists(st.integers(8, 110), min_size=1, max_size=3), min_size=1, max_size=3))
def test_captions_keep_their_limits_when_timed_by_speech(letters: list[list[int]]) -> None:
    """At 14 letters a second, as the voice speaks."""
    texts = [["word " * (n // 5) + "end." for n in line] for line in letters]
    given_lines = [(line, [len(text) / 14 for text in line]) for line in texts]
    laid = laid_out(given_lines, 5)
    found = narration.captions(laid, laid[-1][-1].end + narration.TAIL)
    assert [f for f in captions.faults(found) if "only" not in f] == []
    assert (
        " ".join(c.text for c in found).split()
        == " ".join(" ".join(line) for line in texts).split()
    )
    for before, after in pairwise(found):
        assert before.end <= after.start
    assert found[0].start == narration.LEAD


def test_a_sentence_that_goes_on_in_the_next_line_is_not_torn_apart() -> None:
    halves = [(["The paper, on far larger ones,"], [2.0]), (["finds it lower."], [1.0])]
    [[first], [second]] = laid_out(halves, 30)
    assert second.start - first.end == pytest.approx(narration.WITHIN)
    [[first], [second]] = laid_out([(["It is."], [2.0]), (["And so it is."], [1.0])], 30)
    assert second.start - first.end == pytest.approx(narration.PAUSE + narration.STRETCH)


def test_silence_around_what_is_said_is_left_to_us() -> None:
    quiet, said = np.zeros(RATE // 2, np.float32), np.full(RATE, 0.5, np.float32)
    soft = np.full(RATE // 10, 0.002, np.float32)  # an s at the end
    heard = narration_voice.trimmed(np.concatenate([quiet, said, soft, quiet]))
    assert len(heard) == pytest.approx(1.18 * RATE, abs=RATE // 100)
    assert np.array_equal(narration_voice.trimmed(quiet), quiet)


def test_the_voice_begins_at_once_and_ends_whole(tmp_path: Path) -> None:
    loud = np.abs(Speaker(tmp_path).say("a.b", 1, "It drifts, a little at a time."))
    heard = np.flatnonzero(loud > 0.02 * loud.max())
    assert heard[0] < 0.1 * RATE
    assert 0.03 * RATE < len(loud) - heard[-1] < 0.3 * RATE


def test_a_letter_is_said_within_its_sentence() -> None:
    line = (Sentence("Four.", 1, 2), Sentence("More.", 3, 4))
    assert moment(line, 0) == 1
    assert moment(line, 5, ends=True) == 2
    assert moment(line, 6) == 3
    assert moment(line, 11, ends=True) == 4


def test_a_sentence_is_said_once_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    class Engine:
        sample_rate = 24_000

        def __call__(self, text: str, seed: int) -> np.ndarray:
            asked.append(text)
            return np.full(2400, 0.25, np.float32)

    monkeypatch.setattr(hibari, "Hibari", lambda voice: Engine())
    first = Speaker(tmp_path).say("a.b", 1, "A SLERP.")
    again = Speaker(tmp_path).say("c.d", 7, "A SLERP.")
    assert asked == ["A [SLERP](/slˈɜɹp/)."]
    assert np.array_equal(first, again)
    assert len(first) == 4800
    monkeypatch.setattr(metadata, "version", lambda name: "0.0.0")
    Speaker(tmp_path).say("a.b", 1, "A SLERP.")
    assert len(asked) == 2, "another version says it anew"


def test_a_recorded_sentence_is_taken_instead(tmp_path: Path) -> None:
    tone = np.sin(np.arange(RATE) / 20).astype(np.float32) / 2
    write(tmp_path / "a.b.2.wav", tone)
    speaker = Speaker(tmp_path / "kept", tmp_path)
    assert np.allclose(speaker.say("a.b", 2, "Anything."), tone, atol=1e-4)
    speaker.check_all_used()
    write(tmp_path / "a.c.1.wav", tone)
    with pytest.raises(StudioError, match=r"a\.c\.1\.wav is of no sentence"):
        speaker.check_all_used()
    speaker.others = frozenset({"a.c"})
    speaker.check_all_used()
    (tmp_path / "a.d.1.wav").write_bytes(b"nothing")
    with pytest.raises(DamagedFile, match=r"a\.d\.1\.wav is no audio file; record it again"):
        speaker.say("a.d", 1, "Anything.")


def test_no_voice_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(narration_voice, "PACKAGE", "no-such-voice")
    with pytest.raises(StudioError, match=r"^--narrate needs a voice.*; `make narration` install"):
        Speaker(tmp_path).say("a.b", 1, "Anything.")


def test_silence_is_no_narration(tmp_path: Path) -> None:
    with pytest.raises(StudioError, match="the narration is silent; listen to what was recorded"):
        narration._loud(np.zeros(RATE, np.float32), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_narrated_film(published_studio, copy_studio: Callable) -> None:
    """A section is held for a long recorded sentence; the film is as loud as it should be."""
    studio = copy_studio(published_studio)
    recorded = studio.root / "recorded"
    recorded.mkdir()
    rng = np.random.default_rng(0)
    swell = np.sin(np.linspace(0, 9 * np.pi, 4 * RATE)) ** 2
    write(recorded / "tiny.steps.1.wav", np.ones(RATE))  # of a section that is not published now
    write(recorded / "other.square.1.wav", rng.normal(0, 0.1, 4 * RATE) * swell)
    done = studio.ngpt(
        "publish", "other", "tiny:drifts", "-q", "draft", "--out", "out",
        "--narrate", "--recorded", "recorded",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    folder = studio.root / "out"
    assert verify.examine(folder) == []
    loudness, peak = verify.measure_loudness(folder / "ngpt.mp4")
    assert abs(loudness - -16) <= 1
    assert peak <= -1
    square, drifts = json.loads((folder / "manifest.json").read_text())["sections"]
    assert square["frames"] == 72, "0.4 s before, 4 s said, 0.4 s after, at 15 a second"
    first, second = verify.cues((folder / "ngpt.srt").read_text())
    assert (first.start, second.start) == (0.4, drifts["start_s"] + 0.4)
    _check_said(folder / "clips" / "tiny.drifts.mp4")
    assert len(list((studio.root / "renders" / "narration" / "sentences").iterdir())) == 1


def _check_said(clip: Path) -> None:
    """The voice is heard from 0.4 s on, and not before."""
    loud = np.abs(read(clip)[: 3 * RATE]).reshape(-1, 480).max(axis=1)
    assert loud[:30].max() < 0.02
    assert loud[40:200].max() > 0.1


def test_verify_finds_a_film_too_quiet(published_studio, copy_studio: Callable) -> None:
    import ffmpeg
    from test_verify import seal

    folder = copy_studio(published_studio).root / "out"
    film = ffmpeg.input(str(folder / "ngpt.mp4"))
    tone = ffmpeg.input("sine=frequency=300:duration=50", f="lavfi").audio.filter("volume", 0.3)
    settings = {"c:v": "copy", "c:a": "aac", "ar": 44100, "movflags": "+faststart", "t": 50}
    ffmpeg.output(film.video, tone, str(folder / "o.mp4"), **settings).run(quiet=True)
    (folder / "o.mp4").replace(folder / "ngpt.mp4")
    seal(folder)
    assert "ngpt.mp4 has sound, and was published silent" in verify.examine(folder)
    seal(folder, lambda document: document.update(narrated=True))
    faults = verify.examine(folder)
    assert "ngpt.mp4: its sound has 44100 samples a second, not 48000" in faults
    assert any(re.search(r"its loudness is -\d\d\.\d LUFS, not -16 ± 1", f) for f in faults)
