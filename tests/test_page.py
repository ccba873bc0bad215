"""The page of a run: well-formed, whole in itself, harmless, and true to the run."""

import json
import re
import shutil
from base64 import b64decode
from dataclasses import replace
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest

import neurotrain as nt
from neurotrain.analysis.figures import save_figures
from neurotrain.analysis.learning_curve import learning_curve
from neurotrain.analysis.page import page_of_run
from neurotrain.analysis.psychometric import wilson_interval
from neurotrain.analysis.weight_matrices import weights_figure
from neurotrain.cli import main
from neurotrain.errors import RunFolderError

# The same on every Python.
pytestmark = pytest.mark.slow

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>'
EVIL = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>&{css}"
VOID = {"meta", "img", "link", "br"}


class Page(HTMLParser):
    """The elements of a page with their attributes and text; unbalanced tags are an error."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict]] = []
        self.text: dict[str, list[str]] = {}
        self.open: list[str] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open:
            self.text.setdefault(self.open[-1], []).append(data)

    def all(self, tag: str) -> list[dict]:
        return [attrs for name, attrs in self.elements if name == tag]


@pytest.fixture(scope="module")
def result(tmp_path_factory):
    """Of a run that the command line can open again."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    return nt.train(
        "morris-lecar",
        "stimulus-integration",
        model_options={"neurons": 6},
        task_options={"words": 9, "channels": 4},
        generations=2,
        trials=4,
        validation_trials=10,
        validation_every=1,
        test_trials=60,
        optimizer_options={"population_size": 4},
        threads=1,
        progress=False,
        out=folder,
    )


def folder_with(result, tmp_path, **summary):
    """Return the result with another folder and summary."""
    folder = tmp_path / "run"
    folder.mkdir()
    shutil.copy(result.folder / "config.toml", folder)
    return replace(result, folder=folder, summary={**result.summary, **summary})


def test_page_shows_each_figure_with_a_text(result):
    images = {"psychometric": SVG, "learning-curve": SVG.replace(b"0 0", b"1 1")}
    page = Page(page_of_run(result, images))
    shown = page.all("img")
    # In the order of the page, not of the images.
    assert [b64decode(img["src"].split(",")[1]) for img in shown] == [*images.values()][::-1]
    assert all(len(img["alt"]) > 40 for img in shown)
    assert [a["href"] for a in page.all("a")] == [
        "figures/learning-curve.svg",
        "figures/psychometric.svg",
    ]
    assert page.all("html")[0]["lang"] == "en"
    assert any(meta.get("name") == "viewport" for meta in page.all("meta"))


def test_page_needs_no_network_and_no_script(result):
    text = page_of_run(result, {"rates": SVG})
    assert "http:" not in text and "https:" not in text and "url(" not in text
    page = Page(text)
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "embed", "base", "form"}
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    (policy,) = [m["content"] for m in page.all("meta") if "http-equiv" in m]
    assert policy.startswith("default-src 'none'")
    assert "prefers-color-scheme: dark" in text and "@media (min-width" in text


def test_page_tells_what_the_run_came_to(result, tmp_path):
    changed = folder_with(result, tmp_path, test_accuracy=0.7, test_trials=200, test_loss=0.123456)
    text = page_of_run(changed, {})
    lower, upper = wilson_interval(0.7, 200)
    assert f"<b>70.0%</b> 95% interval {lower:.1%} to {upper:.1%}, 200 new trials" in text
    assert "<b>33.3%</b> 3 classes" in text
    assert "<b>0.1235</b>" in text
    table = dict(re.findall(r'<th scope="row">(.*?)</th><td>(.*?)</td>', text))
    assert table["seed"] == str(result.summary["seed"])
    assert table["task.options.words"] == "9"
    assert table["optimizer.options.population_size"] == "4"
    assert table["versions.numpy"] == result.summary["versions"]["numpy"]
    assert set(result.summary) - {"versions"} <= set(table)


def test_score_of_trajectories_has_no_interval(result, tmp_path):
    changed = folder_with(result, tmp_path, test_accuracy=-0.5)
    task = nt.tasks.ReadySetGo()
    changed = replace(changed, plan=replace(changed.plan, task=task))
    text = page_of_run(changed, {})
    assert "<b>-0.500</b> at best 1" in text
    assert "interval" not in text and "chance" not in text


def test_what_a_stranger_wrote_is_only_text(result, tmp_path):
    changed = folder_with(result, tmp_path, model=EVIL, optimizer=EVIL, **{EVIL: [EVIL]})
    config = changed.folder / "config.toml"
    value = json.dumps(EVIL)
    config.write_text(
        f"format = 1\n{value} = {value}\n[{value}]\n{value} = [{value}]\n".replace(
            f"{value} = {value}\n", f"evil = {value}\n"
        )
    )
    evil_folder = tmp_path / "<b>x<script>"
    changed.folder.rename(evil_folder)
    page = Page(page_of_run(replace(changed, folder=evil_folder), {"rates": SVG}))
    assert not page.all("script")
    assert len(page.all("img")) == 1
    assert not any(name.startswith("on") for _, attrs in page.elements for name in attrs)
    assert page.text["title"] == [f"{EVIL} on stimulus-integration"]
    assert page.text["h1"] == [f"{EVIL} on stimulus-integration"]
    assert "<b>x<script>" in page.text["b"]
    assert EVIL in page.text["td"] and f"{EVIL}.{EVIL}" in page.text["th"]


@pytest.mark.parametrize("name", ["test_accuracy", "seed", "test_ideal_score"])
def test_result_without_a_number_is_refused_and_nothing_is_written(result, tmp_path, name):
    for value in (None, "0.5", float("nan"), 10**400):
        broken = replace(result, summary={**result.summary, name: value})
        with pytest.raises(RunFolderError, match=f"result.json' is damaged: .*'{name}'"):
            save_figures(broken, tmp_path)
    assert [*tmp_path.iterdir()] == []


@pytest.mark.parametrize("accuracy", [2**64, -(2**64), -3.5, 1e308])
def test_accuracy_that_is_none_is_told_as_it_is(result, tmp_path, accuracy):
    text = page_of_run(folder_with(result, tmp_path, test_accuracy=accuracy), {})
    assert f"<b>{accuracy:.1%}</b> 95% interval" in text


def test_plot_makes_the_page_and_keeps_what_is_there(result, tmp_path, capsys, monkeypatch):
    def few(result):
        weights = weights_figure(result)
        return {"learning-curve": learning_curve(result.metrics), "weights": weights}

    monkeypatch.setattr("neurotrain.analysis.figures.run_figures", few)
    folder = tmp_path / "copy"
    shutil.copytree(result.folder, folder)
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    assert main(["plot", str(folder), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["page"] == str(folder / "index.html")
    page = Page((folder / "index.html").read_text(encoding="utf-8"))
    for img, a in zip(page.all("img"), page.all("a"), strict=True):
        inside = b64decode(img["src"].removeprefix("data:image/svg+xml;base64,"))
        assert inside == (folder / a["href"]).read_bytes()
        assert ElementTree.fromstring(inside).tag.endswith("svg")
    after = {name: (folder / name).read_bytes() for name in before}
    assert after == before


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (lambda folder: (folder / "result.json").unlink(), "has not come to its end"),
        (lambda folder: (folder / "result.json").write_text("{"), "is damaged"),
        (lambda folder: (folder / "result.json").write_text("[]"), "is damaged"),
        (lambda folder: (folder / "result.json").write_text("{}"), "is damaged"),
        (lambda folder: (folder / "config.toml").write_text("="), "cannot be read"),
        (lambda folder: (folder / "weights.npz").write_bytes(b"PK"), "weights.npz"),
        (lambda folder: (folder / "metrics.jsonl").unlink(), "first generation"),
    ],
)
def test_damaged_runs_are_refused_in_a_line(result, tmp_path, capsys, damage, said):
    folder = tmp_path / "copy"
    shutil.copytree(result.folder, folder)
    damage(folder)
    (folder / "index.html").write_text("an earlier page")
    assert main(["plot", str(folder)]) == 2
    error = capsys.readouterr().err
    assert said in error and error.count("\n") == 1
    assert (folder / "index.html").read_text() == "an earlier page"
    assert not (folder / "figures").exists()
