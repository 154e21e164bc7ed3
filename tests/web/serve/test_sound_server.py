"""A real server of a generator of sounds: they are those of `ganatomy sample`, and what it refuses."""

import io
import zipfile
from pathlib import Path

import pytest
from servers import Server, serving
from typer.testing import CliRunner

import ganatomy
from ganatomy.cli import app
from ganatomy.errors import UserError
from ganatomy.generators.sounds import SoundSampler, file_of, sample_sounds
from ganatomy.runs.run import Run
from ganatomy.web.serve.blocks.requests import BlockParser


def unzipped(content: bytes) -> list[bytes]:
    """The files of a zip, which are numbered in order."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        assert names == [f"{number:04d}.wav" for number in range(len(names))]
        return [archive.read(name) for name in names]


def test_sounds_are_the_files_that_sample_writes(sound_server: Server, note_run: Run, tmp_path: Path) -> None:
    get, post, seeds = sound_server.client.get, sound_server.client.post, [3, 2**32 - 1, 70]
    for number, (asked, label) in enumerate(
        [({}, None), ({"class": "A4"}, "A4"), ({"class": ":3"}, ":3"), ({"truncation": 0.5}, None)]
    ):
        sampler = ganatomy.load(note_run, truncation=asked.get("truncation"))
        folder, _ = sample_sounds(sampler, seeds, label=label, out=tmp_path / str(number))
        files = [(folder / file_of(seed)).read_bytes() for seed in seeds]
        for seed, file in zip(seeds, files, strict=True):
            one = get("/sound.wav", params={"seed": seed, **asked})
            assert (one.content, one.headers["first-seed"]) == (file, str(seed))
            assert one.headers["content-type"] == "audio/wav"
        zipped = get("/sounds.zip", params={"seeds": ",".join(map(str, [*seeds, 3])), **asked})
        assert zipped.headers["content-type"] == "application/zip"
        assert unzipped(zipped.content) == [*files, files[0]]
        body = {"seeds": [*seeds, 3], **asked}
        assert post("/sounds", json=body).content == post("/sounds", json={**body, "format": "zip"}).content
        assert post("/sounds", json=body).content == zipped.content
    following = unzipped(get("/sounds.zip", params={"n": 3, "seed": 63}).content)
    assert following == [get("/sound.wav", params={"seed": seed}).content for seed in (63, 64, 65)]


def test_without_a_seed_sounds_are_others_each_time(sound_server: Server) -> None:
    first, second = (sound_server.client.get("/sounds.zip") for _ in range(2))
    assert first.content != second.content
    assert len(unzipped(first.content)) == 8
    again = sound_server.client.get("/sounds.zip", params={"seed": first.headers["first-seed"]})
    assert again.content == first.content
    one = sound_server.client.get("/sound.wav")
    assert sound_server.client.get("/sound.wav", params={"seed": one.headers["first-seed"]}).content == one.content


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "words"),
    [
        ("GET", "/sound.wav?n=2", None, 400, "no parameter called 'n'"),
        ("GET", "/sound.wav?seeds=1,2", None, 400, "no parameter called 'seeds'"),
        ("GET", "/sound.wav?seed=-1", None, 400, "not a whole number"),
        ("GET", "/sound.wav?seed=4294967296", None, 400, "less than or equal to 4294967295"),
        ("GET", "/sound.wav?class=H4", None, 400, "no class called 'H4'"),
        ("GET", "/sounds.zip?n=0", None, 400, "greater than or equal to 1"),
        ("GET", "/sounds.zip?n=257", None, 400, "one request may ask for at most"),
        ("GET", "/sounds.zip?seed=4294967295&n=2", None, 400, "there are 1 seeds"),
        ("GET", "/sounds.zip?seeds=1,2&n=3", None, 400, "seeds names each of them: leave out n, seed"),
        ("GET", "/sounds.zip?where=age+%3E+3", None, 400, "no parameter called 'where'"),
        ("GET", "/sounds.zip?truncation=0", None, 400, "truncation"),
        ("GET", "/sounds.zip?format=zip", None, 400, "no parameter called 'format'"),
        ("POST", "/sounds", b"{", 400, "Invalid JSON"),
        ("POST", "/sounds", b'{"seeds": []}', 400, "at least 1"),
        ("POST", "/sounds", b'{"format": "mp3"}', 400, "no format called 'mp3'"),
        ("POST", "/sounds", b'{"where": ["age > 3"]}', 400, "where"),
        ("GET", "/sounds", None, 405, "not allowed"),
        ("GET", "/rows.csv", None, 404, "/openapi.json lists"),
    ],
)
def test_invalid_requests_are_refused_in_one_sentence(
    sound_server: Server, method: str, path: str, body: bytes | None, status: int, words: str
) -> None:
    answer = sound_server.client.request(method, path, content=body, headers={"content-type": "application/json"})
    assert answer.status_code == status
    sentence = answer.json()["error"]
    assert words in sentence
    assert sentence[-1] in ".?"


def test_seeds_far_apart_are_counted_with_all_that_is_drawn_for_them(note_sampler: SoundSampler) -> None:
    parser = BlockParser(note_sampler, ["zip"], 8, 256, 128)
    assert parser.body(b'{"seeds": [0, 63, 64]}')[0].most == 128
    with pytest.raises(UserError, match="these seeds are of 3 such blocks: one request may ask for at most 2"):
        parser.query([("seeds", "0,64,128")])
    assert all(parser.query([]).most == 64 for _ in range(9))  # a random seed begins a block


def test_the_rest_is_as_for_images(sound_server: Server) -> None:
    assert sound_server.client.get("/healthz").text == "ok\n"
    before = sound_server.metric("sounds_total")
    sound_server.client.get("/sounds.zip?n=5")
    assert sound_server.metric("sounds_total") == before + 5
    assert sound_server.metric("waiting") == sound_server.metric("held_bytes") == 0
    page = (Path(__file__).parents[3] / "docs" / "SERVING.md").read_text(encoding="utf-8")
    with sound_server.stranger() as client:
        for path in sound_server.client.get("/openapi.json").json()["paths"]:
            assert path in page
            assert client.get(path).status_code == 401
            assert sound_server.client.get(path, headers={"host": "evil.example"}).status_code == 403


def test_an_exported_folder_is_served(note_run: Run, sound_server: Server, tmp_path: Path) -> None:
    folder = ganatomy.export(note_run, out=tmp_path / "notes").folder
    with serving("-m", "ganatomy", "serve", str(folder), "--port=0") as exported:
        content = exported.client.get("/sound.wav?seed=9").content
    assert content == sound_server.client.get("/sound.wav?seed=9").content


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--backend=onnx"], "--backend goes with images from seeds: sounds are drawn in the server's own process"),
        (["--on=ray"], "--on goes with images"),
        (["--set=diffusion.sampling_steps=3"], "--set goes with images"),
        (["--seconds=0.1", "--step=7"], "no checkpoint of step 7"),
    ],
)
def test_options_of_images_are_refused(note_run: Run, options: list[str], words: str) -> None:
    result = CliRunner().invoke(app, ["serve", str(note_run.path), "--port=0", *options])
    assert words in str(result.exception)
