"""`ngpt bench render`: what a frame costs, against stock Manim on the same scene.

Every measurement is a process of its own, so that memory is its own and nothing is warm that would
not be. Ways alternate, and a figure is the median of its rounds. Costs are CPU seconds of the whole
process, from its first frame written to its last byte encoded; start-up is left out.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from ngpt_film.quality import quality
from ngpt_math.errors import StudioError
from ngpt_math.files import ROOT
from scenes.film import FILM

ROUNDS = 3
SECONDS = 2.0
"""Of each scene, at 60 frames a second."""
CLASSIC_FRAMES = 3
"""Of what stock Manim needs seconds a frame for."""

SCENES = {"hypersphere": "TurningSphere", "matrix": "MovingMatrix", "text": "Words"}
CLASSIC = {"hypersphere": "ClassicSphere", "matrix": "ClassicMatrix"}

HEADING = (
    "scene                      CPU-s/frame  x264 alone  frames/s  vs stock  vs classic  peak MB"
)


@dataclass(frozen=True, slots=True)
class Cost:
    """What drawing and encoding some frames took: CPU and wall seconds, of which CPU seconds in
    x264 alone, and the process's largest memory in MB."""

    frames: int
    cpu: float
    wall: float
    encode_cpu: float
    peak_mb: float

    @property
    def per_frame(self) -> float:
        """CPU seconds a frame."""
        return self.cpu / self.frames


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of one scene; None where there is nothing to compare with."""

    scene: str
    cpu_s_per_frame: float
    fps: float
    encode_floor_cpu_s: float
    vs_stock: float | None
    vs_classic: float | None
    peak_mb: float
    stock_cpu_s_per_frame: float | None
    classic_cpu_s_per_frame: float | None


def render_bench(full: bool, tell: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Measure all scenes; with `full`, the whole film too.

    `tell` hears the rows of a table, each as soon as it is known, and what is measured after them.

    Returns:
        The document that `--json` prints: `scenes` (see `Row`), `jobs2_speedup`,
        `film_realtime_factor` and `film_cpu_factor` (wall time and CPU time over film time; None
        unless `full`), and how it was made.
    """
    tell(HEADING)
    rows = [_row(name, SCENES[name], CLASSIC.get(name), tell) for name in SCENES]
    rows += [_row(entry.key, entry.key, None, tell) for entry in FILM]
    tell("two jobs against one")
    speedup, cpu_ratio = _two_jobs()
    film_wall, film_cpu = _film(tell) if full else (None, None)
    return {
        "scenes": [asdict(row) for row in rows],
        "jobs2_speedup": speedup,
        "jobs2_cpu_ratio": cpu_ratio,
        "film_realtime_factor": film_wall,
        "film_cpu_factor": film_cpu,
        "quality": asdict(quality("hd")),
        "rounds": ROUNDS,
        "seconds": SECONDS,
        "cores": len(os.sched_getaffinity(0)),
        "load_before": os.getloadavg()[0],
    }


def summary(result: dict[str, Any]) -> str:
    """What `render_bench` found besides the table's rows, for people."""
    lines = [
        f"two jobs are {result['jobs2_speedup']:.2f} times as fast as one"
        f" and take {result['jobs2_cpu_ratio']:.2f} times the CPU time"
    ]
    if result["film_realtime_factor"] is not None:
        lines.append(
            f"the film took {result['film_realtime_factor']:.2f} times its length,"
            f" and {result['film_cpu_factor']:.2f} times of CPU time"
        )
    return "\n".join(lines)


def _table_row(row: dict[str, Any]) -> str:
    """A scene's row of the table."""
    ratios = (row["vs_stock"], row["vs_classic"])
    stock, classic = ("–" if r is None else f"{r:.1f}" for r in ratios)
    return (
        f"{row['scene']:26} {row['cpu_s_per_frame']:11.4f} {row['encode_floor_cpu_s']:11.4f}"
        f" {row['fps']:9.1f} {stock:>9} {classic:>11} {row['peak_mb']:8.0f}"
    )


def _row(name: str, scene: str, classic: str | None, tell: Callable[[str], None]) -> Row:
    frames = round(SECONDS * quality("hd").fps)
    ours, stock = [], []
    for _ in range(ROUNDS):
        ours.append(measure(scene, "ours", frames))
        stock.append(measure(scene, "stock", frames))
    other = measure(classic, "stock", CLASSIC_FRAMES) if classic else None
    cost = median(c.per_frame for c in ours)
    stock_cost = median(c.per_frame for c in stock)
    row = Row(
        scene=name,
        cpu_s_per_frame=cost,
        fps=median(c.frames / c.wall for c in ours),
        encode_floor_cpu_s=median(c.encode_cpu / c.frames for c in ours),
        vs_stock=stock_cost / cost,
        vs_classic=other.per_frame / cost if other else None,
        peak_mb=max(c.peak_mb for c in ours),
        stock_cpu_s_per_frame=stock_cost,
        classic_cpu_s_per_frame=other.per_frame if other else None,
    )
    tell(_table_row(asdict(row)))
    return row


def measure(scene: str, way: str, frames: int) -> Cost:
    """Draw and encode `frames` of a scene in a new process; `way`: "ours" or "stock".

    `scene` is a class of `bench_scenes`, or a chapter's key: of that, its longest section.

    Raises:
        StudioError: the process failed.
    """
    return _result(_started(scene, way, frames), scene)


def _started(scene: str, way: str, frames: int) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "ngpt_film.bench", scene, way, str(frames)]
    path = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    # Libraries that would use all cores for small sums would only be in each other's way.
    environment = {**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def _result(process: subprocess.Popen[str], scene: str) -> Cost:
    out, error = process.communicate()
    if process.returncode:
        last = error.strip().splitlines()[-1:] or ["it said nothing"]
        raise StudioError(f"measuring {scene} failed ({last[0]})", "run `ngpt doctor`")
    return Cost(**json.loads(out.splitlines()[-1]))


def _two_jobs() -> tuple[float, float]:
    """How much faster two processes draw the hypersphere twice than one after the other.

    Wall time tells only where both cores are idle otherwise; so also how many times the CPU time
    they take together: near 1, nothing but other work keeps them from being twice as fast.
    """
    frames = round(2 * SECONDS * quality("hd").fps)
    alone = [measure("TurningSphere", "ours", frames) for _ in range(2)]
    both = [_started("TurningSphere", "ours", frames) for _ in range(2)]
    together = [_result(process, "TurningSphere") for process in both]
    speedup = sum(c.wall for c in alone) / max(c.wall for c in together)
    return speedup, sum(c.cpu for c in together) / sum(c.cpu for c in alone)


def _film(tell: Callable[[str], None]) -> tuple[float, float]:
    """Wall and CPU time over film time of rendering all chapters at once, on all cores."""
    from ngpt_film import studio
    from ngpt_film.outline import target
    from ngpt_film.rendering import Crew

    tell("the whole film")
    wanted = tuple(target(entry.key) for entry in FILM)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        start, cpu = time.perf_counter(), _cpu_of_all()
        outcome = studio.make(
            wanted, quality("hd"), folder / "film.mp4", Crew(len(os.sched_getaffinity(0))),
            lambda progress: None, renders=folder,
        )  # fmt: skip
        took, cpu = time.perf_counter() - start, _cpu_of_all() - cpu
    if outcome.film is None:
        raise StudioError(
            f"{', '.join(outcome.failures)} could not be drawn", "run `ngpt render` to see why"
        )
    return took / outcome.film.seconds, cpu / outcome.film.seconds


def _cpu_of_all() -> float:
    """CPU seconds of this process and of those of its children that have ended."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


# What follows runs in the measuring process.


class _Clock:
    """Runs from the first frame; ends the scene after `limit` more."""

    def __init__(self, limit: int) -> None:
        self.limit, self.frames, self.started = limit, -1, (0.0, 0.0)

    def count(self, repeat: int) -> int:
        """Note `repeat` frames; how many of them are still wanted."""
        if self.frames < 0:
            self.started = (time.process_time(), time.perf_counter())
        wanted = min(repeat, self.limit - self.frames)
        self.frames += wanted
        return wanted

    @property
    def over(self) -> bool:
        return self.frames >= self.limit

    def cost(self, encode_cpu: float) -> Cost:
        """What the frames after the first took, until now."""
        cpu, wall = time.process_time() - self.started[0], time.perf_counter() - self.started[1]
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        return Cost(self.frames, cpu, wall, encode_cpu, peak)


def probe(scene: str, way: str, frames: int) -> Cost:
    """Draw and encode in this process. See `measure`."""
    with tempfile.TemporaryDirectory() as folder:
        ways = {"ours": _ours, "stock": _stock}
        return ways[way](scene, _Clock(frames), Path(folder))


def _scene(name: str) -> tuple[type, tuple[str, ...] | None]:
    """A scene's class, and of a chapter the section to draw."""
    from ngpt_film import bench_scenes
    from ngpt_film.shoot import lengths

    for entry in FILM:
        if entry.key == name:
            chapter = entry.load()
            frames = lengths(chapter, quality("draft"))
            return chapter, (max(frames, key=lambda section: frames[section]),)
    return getattr(bench_scenes, name), None


def _ours(name: str, clock: _Clock, folder: Path) -> Cost:
    from manim import tempconfig
    from manim.utils.exceptions import EndSceneEarlyException

    from ngpt_film.camera import camera_of
    from ngpt_film.encoder import SegmentWriter
    from ngpt_film.renderer import FilmRenderer
    from ngpt_film.shoot import _settings, _Tap

    encoding = [0.0]

    class Timed(SegmentWriter):
        def write(self, pixels: Any, repeat: int = 1, *changed: Any) -> None:
            super().write(pixels, clock.count(repeat), *changed)
            if clock.over:
                raise EndSceneEarlyException

        def _encode(self, frame: Any) -> None:
            before = time.process_time()
            super()._encode(frame)
            encoding[0] += time.process_time() - before

    hd = quality("hd")
    scene_class, only = _scene(name)
    with tempconfig(_settings(hd)):
        with Timed(folder / "out.mp4", hd.width, hd.height, hd.fps, codec=hd.codec) as writer:
            renderer = FilmRenderer(
                partial(_Tap, defaultdict(lambda: writer), None), camera_of(scene_class)
            )
            _play(scene_class, only, renderer)
        return clock.cost(encoding[0])


def _stock(name: str, clock: _Clock, folder: Path) -> Cost:
    from manim import CairoRenderer, SceneFileWriter, tempconfig
    from manim.utils.exceptions import EndSceneEarlyException

    from ngpt_film.camera import camera_of
    from ngpt_film.shoot import _settings

    class Counting(SceneFileWriter):
        def write_frame(self, pixels: Any, *, repeat: int = 1) -> None:
            if self._current_encode_job is None:
                return
            super().write_frame(pixels, repeat=clock.count(repeat))
            if clock.over:
                self.end_animation(True)
                raise EndSceneEarlyException

    stock = {"dry_run": False, "media_dir": folder, "format": "mp4", "video_encoder_options": {}}
    scene_class, only = _scene(name)
    with tempconfig({**_settings(quality("hd")), **stock}):
        renderer = CairoRenderer(Counting, camera_of(scene_class))
        _play(scene_class, only, renderer)
        renderer.file_writer.join_all_encode_jobs()
        return clock.cost(0.0)


def _play(scene_class: type, only: tuple[str, ...] | None, renderer: Any) -> None:
    """Play the scene until the clock ends it."""
    from manim.utils.exceptions import EndSceneEarlyException

    scene: Any = scene_class(renderer=renderer)
    if only is not None:
        scene.only = only
    scene.setup()
    with suppress(EndSceneEarlyException):
        scene.construct()


if __name__ == "__main__":
    print(json.dumps(asdict(probe(sys.argv[1], sys.argv[2], int(sys.argv[3])))))
