"""Playing a scene: what is drawn, what is passed over, and what is only repeated.

Manim draws skipped sections too, takes them in one leap that leaves time-based updaters elsewhere
than playing does, and paints what stands still twice in a frozen wait. This renderer does none of
that: passing over a play leaves every mobject where playing it would, and a frame shows the scene
as it is, in its one order, not what moves over a picture of what does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from manim import (
    Animation,
    AnimationGroup,
    CairoRenderer,
    Camera,
    Mobject,
    Scene,
    UpdateFromFunc,
    config,
)
from manim.animation.movement import PhaseFlow
from manim.animation.updaters.update import MaintainPositionRelativeTo, UpdateFromAlphaFunc
from manim.utils.family import extract_mobject_family_members

from ngpt_film.box import EVERYWHERE, Box
from ngpt_film.camera import ArrayCamera, fast

# Where an updater follows another one that runs after it, it is one step late. So many last steps
# of a play that is passed over are taken as when playing, to end equally late.
LAST_STEPS = 4


def nested(animations: Iterable[Animation]) -> Iterator[Animation]:
    """The animations and those inside them."""
    for animation in animations:
        yield animation
        if isinstance(animation, AnimationGroup):
            yield from nested(animation.animations)


def remembers(animation: Animation) -> bool:
    """Whether what the animation does to its mobject depends on the frames before."""
    if isinstance(animation, UpdateFromAlphaFunc):
        return False
    return isinstance(animation, UpdateFromFunc | MaintainPositionRelativeTo | PhaseFlow)


def must_step(scene: Scene) -> bool:
    """Whether the play that has begun can only be passed over frame by frame."""
    playing = list(nested(scene.animations or ()))
    if scene.updaters or scene.stop_condition is not None or any(map(remembers, playing)):
        return True
    targets = (getattr(a, "target_mobject", None) for a in playing)
    involved = [*scene.mobjects, *(a.mobject for a in playing), *(t for t in targets if t)]
    return any(m.has_time_based_updater() for m in extract_mobject_family_members(involved))


class FilmRenderer(CairoRenderer):
    """CairoRenderer that draws a frame only where it is kept.

    `frame` is the number of the next frame, counted over the plays that are not skipped, and
    `frames_of` the same by section. With `only_frames` set, no others are drawn.
    """

    only_frames: frozenset[int] | None = None

    def __init__(
        self,
        file_writer_class: Any,
        camera_class: type[Camera] | None = None,
        skip_animations: bool = False,
        **kwargs: Any,
    ) -> None:
        camera = fast(camera_class or Camera)
        super().__init__(file_writer_class, camera, skip_animations, **kwargs)
        self.frame = 0
        self.frames_of: dict[str, int] = {}

    def play(self, scene: Scene, *args: Any, **kwargs: Any) -> None:
        """Play or pass over one `Scene.play` or `Scene.wait`. Manim's cache is never used."""
        self.skip_animations = self._original_skipping_status
        self.update_skipping_status()
        scene.compile_animation_data(*args, **kwargs)
        kept = not self.skip_animations
        self.file_writer.add_partial_movie_file(f"{self.num_plays:05}" if kept else None)
        self.file_writer.begin_animation(kept, animation_index=self.num_plays)
        scene.begin_animations()
        if scene.is_current_animation_frozen_frame():
            self._freeze(scene)
        else:
            self._animate(scene)
        self.file_writer.end_animation(kept)
        self.num_plays += 1

    def _freeze(self, scene: Scene) -> None:
        frames = max(1, round(scene.duration * self.camera.frame_rate))
        kept = self._kept(frames)
        if kept:
            self._draw(scene, kept)
        self._advance(frames)

    def _animate(self, scene: Scene) -> None:
        times = list(np.arange(0, scene.duration, 1 / config.frame_rate))
        kept = self._kept(len(times)) > 0
        for t in self._stepped(scene, times, kept):
            scene.update_to_time(t)
            self.render(scene, t, scene.moving_mobjects)
            if scene.stop_condition is not None and scene.stop_condition():
                break
        for animation in scene.animations or ():
            animation.finish()
            animation.clean_up_from_scene(scene)
        scene.update_mobjects(0)

    def _stepped(self, scene: Scene, times: list[float], kept: bool) -> Iterable[float]:
        """Those of the play's `times` (seconds) that must be stepped through."""
        if kept:
            return scene._get_animation_time_progression(scene.animations or [], scene.duration)
        if must_step(scene):
            return times
        left_out = max(0, len(times) - 1 - LAST_STEPS)
        self._advance(left_out)
        return times[:1] + times[1 + left_out :]

    def render(
        self, scene: Scene, time: float, moving_mobjects: Iterable[Mobject] | None = None
    ) -> None:
        """Draw and keep the frame at `time`, or only count it."""
        if self._kept(1):
            self._draw(scene, 1)
        self._advance(1)

    def _draw(self, scene: Scene, repeat: int) -> None:
        """Draw a frame, if it is not the last one again, and give it to the file writer."""
        changed = self._draw_all(scene)
        self.file_writer.write_frame(self.camera.pixel_array, repeat=repeat, changed=changed)

    def _draw_all(self, scene: Scene) -> Box:
        """Draw all that is in the scene; the box outside which the picture is the last one."""
        mobjects = [*scene.mobjects, *scene.foreground_mobjects]
        if isinstance(self.camera, ArrayCamera):
            return self.camera.draw_frame(mobjects)
        self.camera.reset()
        self.camera.capture_mobjects(mobjects)
        return EVERYWHERE

    def update_frame(
        self,
        scene: Scene,
        mobjects: Iterable[Mobject] | None = None,
        include_submobjects: bool = True,
        ignore_skipping: bool = True,
        **kwargs: Any,
    ) -> None:
        """Draw all that is in the scene, whatever `mobjects`. Manim calls it for stills."""
        self._draw_all(scene)

    def _kept(self, frames: int) -> int:
        """How many of the next `frames` frames are to be drawn."""
        if self.skip_animations:
            return 0
        if self.only_frames is None:
            return frames
        return sum(self.frame <= only < self.frame + frames for only in self.only_frames)

    def _advance(self, frames: int) -> None:
        self.time += frames / self.camera.frame_rate
        if self.skip_animations:
            return
        self.frame += frames
        name = self.file_writer.sections[-1].name
        self.frames_of[name] = self.frames_of.get(name, 0) + frames
