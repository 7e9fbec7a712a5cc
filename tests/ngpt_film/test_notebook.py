"""A notebook that shows sections, executed by a kernel and exported to a page."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
from pathlib import Path

import av
import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image
from small_studio import Studio

from ngpt_film import clip, still
from ngpt_film.notebook import NotebookError

CELLS = {
    "fresh": 'from ngpt_film import clip, still\nclip("tiny:slides")',
    "edit": (
        "from pathlib import Path\nsource = Path('scenes/tiny.py')\n"
        "_ = source.write_text(source.read_text().replace('run_time=0.4', 'run_time=0.6'))"
    ),
    "stale": 'clip("tiny:slides")',
    "other": 'clip("other:square")',
    "rendered": 'clip("tiny:slides", render=True, width=320)',
    "still": 'still("tiny:slides", at=1.0)',
    "never": 'clip("tiny:slides", quality_name="preview")',
    "wrong": 'clip("tiny:chord")',
    "chapter": 'clip("tiny")',
    "magic": "%load_ext ngpt_film",
    "stage": (
        "%%manim -ql --resolution 320,180 OnStage\n"
        "from manim import *\n"
        "from scenes.stage.text import Line\n"
        "from scenes.stage.motion import Appear\n"
        "class OnStage(Scene):\n"
        "    def construct(self):\n"
        "        print(type(self.renderer).__name__)\n"
        "        self.play(Appear(Line('on the stage')), run_time=0.2)\n"
    ),
    "after": 'clip("other:square")',
}
FAIL = {"never", "wrong", "chapter"}


@pytest.fixture(scope="module")
def notebook(
    filmed_studio: Studio, tmp_path_factory: pytest.TempPathFactory
) -> nbformat.NotebookNode:
    """The notebook after all of its cells were executed, in a studio of its own."""
    folder = tmp_path_factory.mktemp("notebook")
    studio = Studio(folder / "studio")
    shutil.copytree(filmed_studio.root, studio.root)
    cells = [
        nbformat.v4.new_code_cell(
            source, id=name, metadata={"tags": ["raises-exception"] if name in FAIL else []}
        )
        for name, source in CELLS.items()
    ]
    book = nbformat.v4.new_notebook(cells=cells)
    places = {n: str(folder / n) for n in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")}
    client = NotebookClient(
        book, timeout=120, kernel_name="python3", resources={"metadata": {"path": str(studio.root)}}
    )
    client.execute(env={**studio.environment, **places})
    return book


def output(book: nbformat.NotebookNode, name: str) -> dict:
    """What a cell showed: its richest form, or its error."""
    [cell] = [cell for cell in book.cells if cell.id == name]
    [shown] = [o for o in cell.outputs if o.output_type != "stream"]
    return shown


def page(book: nbformat.NotebookNode, name: str) -> str:
    return output(book, name)["data"]["text/html"]


def embedded(text: str, kind: str = "video/mp4") -> bytes:
    [data] = re.findall(rf'src="data:{kind};base64,([^"]+)"', text)
    return base64.b64decode(data)


def frames(data: bytes) -> tuple[int, int, int]:
    """Width, height, and how many frames decode."""
    with av.open(io.BytesIO(data)) as film:
        stream = film.streams.video[0]
        return stream.width, stream.height, sum(1 for _ in film.decode(stream))


def test_a_fresh_clip_is_the_sections_own(
    notebook: nbformat.NotebookNode, filmed_studio: Studio
) -> None:
    shown = page(notebook, "fresh")
    [shot] = (filmed_studio.root / "renders/shots/draft/tiny").glob("slides-*.mp4")
    assert embedded(shown) == shot.read_bytes()
    assert "It slides" in shown
    assert "stale" not in shown
    assert output(notebook, "fresh")["data"]["text/plain"].endswith(" s, fresh>")
    assert len(shown) < 400_000


def test_what_manim_brings_along_does_not_take_the_clips_place(
    notebook: nbformat.NotebookNode,
) -> None:
    assert page(notebook, "after") == page(notebook, "other")


def test_an_older_clip_is_marked_stale_and_says_why(notebook: nbformat.NotebookNode) -> None:
    shown = page(notebook, "stale")
    assert embedded(shown) == embedded(page(notebook, "fresh"))
    assert ">stale</b>" in shown
    assert "section slides changed" in shown
    assert "clip('tiny:slides', render=True)" in shown
    assert ">stale</b>" not in page(notebook, "other"), "another chapter is as it was"


def test_it_is_rendered_when_asked_for(notebook: nbformat.NotebookNode) -> None:
    shown = page(notebook, "rendered")
    assert "stale" not in shown
    assert "max-width: 320px" in shown
    width, height, count = frames(embedded(shown))
    assert (width, height) == (854, 480)
    assert count == frames(embedded(page(notebook, "fresh")))[2] + 3, "0.2 s more"


def test_a_still_is_of_now_and_is_what_the_clip_ends_with(notebook: nbformat.NotebookNode) -> None:
    shown = page(notebook, "still")
    with Image.open(io.BytesIO(embedded(shown, "image/png"))) as picture:
        assert picture.size == (854, 480)
        still_pixels = picture.convert("RGB").resize((106, 60))
    with av.open(io.BytesIO(embedded(page(notebook, "rendered")))) as film:
        *_, last = film.decode(video=0)
    there = last.to_image().resize((106, 60))
    pairs = zip(still_pixels.tobytes(), there.tobytes(), strict=True)
    assert max(abs(a - b) for a, b in pairs) < 60


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("wrong", "error: tiny has no section 'chord'; "
                  "its sections are: slides, drifts, wobbles, steps"),
        ("chapter", "error: tiny is a chapter; "
                    "choose one of its sections: slides, drifts, wobbles, steps"),
        ("never", "error: tiny:slides has never been rendered in preview quality; "
                  "clip('tiny:slides', render=True) or `ngpt render tiny:slides -q preview`"),
    ],
)  # fmt: skip
def test_errors_are_one_line(notebook: nbformat.NotebookNode, name: str, line: str) -> None:
    assert output(notebook, name)["traceback"] == [line]


def test_manims_own_cells_draw_on_the_stage(notebook: nbformat.NotebookNode) -> None:
    [cell] = [cell for cell in notebook.cells if cell.id == "stage"]
    said = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    assert "FilmRenderer" in said
    shown = [o["data"]["text/html"] for o in cell.outputs if o.output_type == "display_data"]
    data = embedded(next(text for text in shown if "<video" in text))
    assert frames(data) == (320, 180, 3)
    with av.open(io.BytesIO(data)) as film:
        assert film.streams.video[0].codec_context.colorspace == 1, "BT.709"


def test_the_exported_page_needs_nothing_else(
    notebook: nbformat.NotebookNode, tmp_path: Path
) -> None:
    text, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert text.count("data:video/mp4;base64,") == 6
    assert text.count("data:image/png;base64,") == 1
    sources = re.findall(r'<(?:video|img|source)[^>]+src="([^"]{0,40})', text)
    assert len(sources) == 7
    assert all(source.startswith("data:") for source in sources)
    assert len(json.dumps(notebook)) < 1_000_000


def test_wrong_use_outside_a_notebook_is_one_line_too() -> None:
    for wrong in (
        lambda: clip("nosuch"), lambda: still("slerp_vs_lerp"), lambda: clip(3),
        lambda: clip("slerp_vs_lerp:lerp", quality_name="hd"),
        lambda: still("slerp_vs_lerp:lerp", quality_name="best"),
    ):  # fmt: skip
        with pytest.raises(NotebookError) as caught:
            wrong()
        assert "\n" not in str(caught.value)
        assert caught.value._render_traceback_() == [f"error: {caught.value}"]
