"""The render bench: what it measures, and what it says."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ngpt_film import bench
from ngpt_film.bench import Cost
from ngpt_math.errors import StudioError


@pytest.mark.parametrize("way", ["ours", "stock"])
def test_probe_measures_so_many_frames(way: str) -> None:
    cost = bench.measure("Words", way, 4)
    assert cost.frames == 4
    assert 0 < cost.cpu < 60
    assert cost.wall > 0
    assert cost.peak_mb > 50
    assert (cost.encode_cpu > 0) == (way == "ours")
    assert cost.encode_cpu < cost.cpu


def test_failed_probe_is_one_line() -> None:
    with pytest.raises(StudioError, match="measuring NoSuchScene failed") as caught:
        bench.measure("NoSuchScene", "ours", 1)
    assert "\n" not in str(caught.value)


@pytest.fixture
def told() -> list[str]:
    """What the bench says while it measures."""
    return []


@pytest.fixture
def result(monkeypatch: pytest.MonkeyPatch, told: list[str]) -> dict[str, Any]:
    """A short bench with costs that are easy to reckon with: stock takes four times ours."""
    seen: list[str] = []

    def measure(scene: str, way: str, frames: int) -> Cost:
        seen.append(f"{scene} {way}")
        times = {"ours": 1.0, "stock": 4.0}[way] * (10 if scene.startswith("Classic") else 1)
        # The second of three rounds is disturbed; a median does not see it.
        disturbed = 100 if seen.count(f"{scene} {way}") == 2 else 1
        return Cost(frames, times * frames * disturbed / 50, 2.0, 0.01 * frames, 300 + len(seen))

    monkeypatch.setattr(bench, "measure", measure)
    monkeypatch.setattr(bench, "_two_jobs", lambda: (1.9, 1.05))
    monkeypatch.setattr(bench, "FILM", ())
    made = bench.render_bench(full=False, tell=told.append)
    assert seen[:4] == ["TurningSphere ours", "TurningSphere stock"] * 2, "ways alternate"
    return made


def test_figures_are_medians_and_ratios(result: dict[str, Any]) -> None:
    rows = {row["scene"]: row for row in result["scenes"]}
    assert list(rows) == ["hypersphere", "matrix", "text"]
    assert rows["matrix"]["cpu_s_per_frame"] == pytest.approx(0.02)
    assert rows["matrix"]["encode_floor_cpu_s"] == pytest.approx(0.01)
    assert rows["matrix"]["fps"] == pytest.approx(60)
    assert rows["matrix"]["vs_stock"] == pytest.approx(4)
    assert rows["hypersphere"]["vs_classic"] == pytest.approx(40)
    assert rows["text"]["vs_classic"] is None
    assert rows["text"]["peak_mb"] > rows["hypersphere"]["peak_mb"], "the largest of the rounds"


def test_document_has_the_keys_that_were_asked_for(result: dict[str, Any]) -> None:
    assert {"scenes", "jobs2_speedup", "film_realtime_factor"} <= result.keys()
    keys = {"scene", "cpu_s_per_frame", "fps", "encode_floor_cpu_s", "vs_stock", "vs_classic"}
    assert all({*keys, "peak_mb"} <= row.keys() for row in result["scenes"])
    assert result["film_realtime_factor"] is None
    assert json.loads(json.dumps(result)) == result


def test_rows_are_told_as_they_come_and_the_rest_is_summed_up(
    result: dict[str, Any], told: list[str]
) -> None:
    assert [line.split()[0] for line in told[:4]] == ["scene", "hypersphere", "matrix", "text"]
    assert told[1].split()[1:6] == ["0.0200", "0.0100", "60.0", "4.0", "40.0"]
    assert told[3].split()[5] == "–"
    assert len({len(line) for line in told[:4]}) == 1, "columns stand below their heads"
    whole = result | {"film_realtime_factor": 0.5, "film_cpu_factor": 0.8}
    jobs, film = bench.summary(whole).splitlines()
    assert "1.90 times" in jobs
    assert "1.05 times the CPU" in jobs
    assert "0.50 times its length, and 0.80 times of CPU" in film


def test_clock_counts_from_the_first_frame_on() -> None:
    clock = bench._Clock(5)
    assert clock.count(1) == 1
    assert clock.frames == 0
    assert clock.count(3) == 3
    assert not clock.over
    assert clock.count(9) == 2
    assert clock.over
    assert clock.cost(0.0).frames == 5
