"""Recordings are what the committed models give, and nothing else."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest

from ngpt_math import record, recordings, sphere
from ngpt_math.checkpoint import checkpoint_path, load_model
from ngpt_math.errors import DamagedFile, StudioError, UsageError
from ngpt_math.files import card_path, read_card
from ngpt_math.measuring.results import MEASURES
from ngpt_math.recordings import SlerpVsLerp


@pytest.fixture(scope="module")
def shown() -> SlerpVsLerp:
    """The shipped recording of chapter 4."""
    return recordings.load(SlerpVsLerp)


@pytest.mark.parametrize("chapter", list(record.MAKERS))
def test_shipped_recordings_are_derived_again(chapter: str) -> None:
    before = recordings.default_path(chapter).stat().st_mtime_ns
    assert record.check(chapter) <= 1e-5
    assert recordings.default_path(chapter).stat().st_mtime_ns == before


@pytest.mark.parametrize("chapter", list(record.MAKERS))
def test_sources_are_the_shipped_checkpoints(chapter: str) -> None:
    kept = recordings.load(recordings.CHAPTERS[chapter])
    for name, sha256 in kept.sources.items():
        if name.endswith(".json"):
            assert read_card(MEASURES.with_name(name), "")["sha256"] == sha256
            continue
        preset, kind = name.removesuffix(".safetensors").split("-", 1)
        assert read_card(checkpoint_path(preset, kind), "")["sha256"] == sha256


def test_an_altered_number_is_found_and_named(shown: SlerpVsLerp, tmp_path: Path) -> None:
    path = tmp_path / "slerp_vs_lerp.safetensors"
    values = shown.angles.copy()
    values[0] += 1e-3
    recordings.save(dataclasses.replace(shown, angles=values), path, "by hand")
    with pytest.raises(StudioError, match=r"angles differs .* 1\.0e-03.*ngpt record slerp_vs_lerp"):
        record.check("slerp_vs_lerp", path)
    recordings.save(dataclasses.replace(shown, prompt="another"), path, "by hand")
    with pytest.raises(StudioError, match="prompt is not what"):
        record.check("slerp_vs_lerp", path)


def test_a_missing_recording_names_its_command(tmp_path: Path) -> None:
    with pytest.raises(DamagedFile, match="ngpt record slerp_vs_lerp"):
        record.check("slerp_vs_lerp", tmp_path / "slerp_vs_lerp.safetensors")


def test_record_writes_what_is_shipped(tmp_path: Path) -> None:
    path = record.record("slerp_vs_lerp", tmp_path / "slerp_vs_lerp.safetensors")
    assert record.check("slerp_vs_lerp", path) == 0.0
    shutil.rmtree(tmp_path)


def test_unknown_chapter() -> None:
    with pytest.raises(UsageError, match="slerp_vs_lerp"):
        record.record("nosuch")


def test_the_update_shown_is_the_models_own(shown: SlerpVsLerp) -> None:
    h, suggestion, alpha = shown.states[:-1], shown.suggestions, shown.alphas
    after = sphere.normalize(h + alpha * (suggestion - h))
    assert np.allclose(after, shown.states[1:], atol=1e-5)
    assert np.allclose(sphere.angle(h, suggestion), shown.angles, atol=1e-5)
    assert np.allclose(sphere.angle(h, shown.states[1:]), shown.moved, atol=1e-5)


def test_the_baselines_states_are_sums(shown: SlerpVsLerp) -> None:
    assert np.allclose(shown.gpt_states[:-1] + shown.gpt_outputs, shown.gpt_states[1:], atol=1e-4)
    assert np.allclose(np.linalg.norm(shown.gpt_states, axis=-1), shown.gpt_norms, rtol=1e-5)


def test_the_sweep_begins_and_ends_at_the_update_shown(shown: SlerpVsLerp) -> None:
    update = int(shown.update)
    for name in ("sweep_chord", "sweep_lerp", "sweep_slerp"):
        points = getattr(shown, name)
        assert np.allclose(points[0], shown.states[update], atol=1e-6)
        assert np.allclose(points[-1], shown.suggestions[update], atol=1e-6)
    middle = len(shown.sweep_alpha) // 2
    assert shown.sweep_alpha[middle] == 0.5
    assert np.allclose(shown.sweep_lerp[middle], shown.sweep_slerp[middle], atol=1e-6)
    theta = shown.angles[update]
    assert np.allclose(shown.sweep_slerp_angle, shown.sweep_alpha * theta, atol=1e-5)
    small = shown.sweep_lerp_angle[1] / shown.sweep_slerp_angle[1]
    assert shown.small_alpha == shown.sweep_alpha[1]
    assert abs(small - np.sin(theta) / theta) < 0.02


def test_the_share_of_the_way_begins_at_its_limit(shown: SlerpVsLerp) -> None:
    theta = float(shown.angles[int(shown.update)])
    ways = shown.sweep_lerp_angle[1:] / shown.sweep_slerp_angle[1:]
    assert shown.sweep_share[0] == pytest.approx(np.sin(theta) / theta, abs=1e-5)
    assert shown.sweep_share[1:] == pytest.approx(ways, abs=1e-5)
    assert np.ptp(shown.sweep_share[:2]) < 0.01  # the first step is near it


def test_the_letter_shown_is_in_the_prompt(shown: SlerpVsLerp) -> None:
    assert 0 <= int(shown.position) < len(shown.prompt)


def test_recall_is_a_matrix_times_the_embedding(shown: SlerpVsLerp) -> None:
    assert np.allclose(shown.recall_weight @ shown.states[0], shown.recall_cosines, atol=1e-6)
    model = load_model(checkpoint_path("toy", "ngpt"))
    weight = model.get_parameter("blocks.0.attention.qkv.weight").detach().numpy()
    assert np.array_equal(shown.recall_weight, weight[:8])


def test_summaries_are_of_the_arrays_beside_them(shown: SlerpVsLerp) -> None:
    for name in ("attn", "mlp"):
        alpha, theta = getattr(shown, f"alpha_{name}"), getattr(shown, f"theta_{name}")
        assert np.allclose(alpha.mean(-1), getattr(shown, f"alpha_{name}_mean"), rtol=1e-5)
        medians = np.median(theta, axis=-1)
        assert np.allclose(medians, getattr(shown, f"theta_{name}_median"), atol=1e-2)


def test_cards_of_recordings_lie_beside_them() -> None:
    for chapter in record.MAKERS:
        assert card_path(recordings.default_path(chapter)).is_file()
