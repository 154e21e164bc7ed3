"""The cache: made once, found again, never half made; and the choice of size and channels."""

import errno
import json
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from image_files import encoded, noise, write_files, write_zip
from PIL import Image

from ganatomy.data import prepare
from ganatomy.data.preparation import suggested_size
from ganatomy.data.store import kept
from ganatomy.data.threads import CHUNK, in_order
from ganatomy.errors import UserError

OPENED: list[str] | None = None


def _listen(event, arguments):
    if event == "open" and OPENED is not None:
        OPENED.append(str(arguments[0]))


sys.addaudithook(_listen)  # called with every file that Python opens


@pytest.fixture
def opened():
    """Runs something and returns the files that it opened."""

    def run(work):
        global OPENED
        OPENED = []
        try:
            work()
            return OPENED
        finally:
            OPENED = None

    return run


@pytest.fixture
def files(rng):
    return {f"{kind}/{i}.png": noise(rng) for kind in ("cat", "dog") for i in range(40)}


@pytest.fixture
def folder(tmp_path, files):
    return write_files(tmp_path / "set", files)


def sets(cache):
    """The prepared sets in the cache, and everything else there but locks and the index."""
    entries = [entry for entry in (cache / "data").iterdir() if entry.suffix != ".lock" and entry.name != "index"]
    return [entry for entry in entries if len(entry.name) == 64], [e.name for e in entries if len(e.name) != 64]


def test_pixels(folder, files, cache):
    images = prepare(folder)
    assert isinstance(images.pixels, np.memmap)
    assert not images.pixels.flags.writeable
    assert not images.labels.flags.writeable
    assert len(images) == 80
    assert (images.pixels == np.stack([files[name] for name in sorted(files)])).all()
    assert images.source == str(folder)
    assert images.warning is None
    (entry,), others = sets(cache)
    assert others == []
    assert sorted(file.name for file in entry.iterdir()) == ["labels.npy", "manifest.json", "pixels.npy"]


@pytest.mark.parametrize("kind", ["folder", "zip", "npy"])
def test_a_second_start_reads_no_image(kind, tmp_path, folder, files, opened):
    path = folder
    if kind == "zip":
        path = write_zip(tmp_path / "set.zip", files)
    elif kind == "npy":
        path = tmp_path / "set.npy"
        np.save(path, np.stack(list(files.values())))
    first = []
    assert any(file.startswith(str(path)) for file in opened(lambda: first.append(prepare(path))))
    second = []
    again = opened(lambda: second.append(prepare(path)))
    # The folder itself is listed, but none of its files is opened.
    assert not [file for file in again if file.startswith(str(path)) and not os.path.isdir(file)]
    assert second[0].fingerprint == first[0].fingerprint
    assert (second[0].pixels == first[0].pixels).all()


def test_a_changed_byte_makes_a_new_set(folder, files, cache):
    before = prepare(folder)
    file = folder / "cat" / "7.png"
    info = file.stat()
    changed = files["cat/7.png"].copy()
    changed[0, 0, 0] ^= 1
    file.write_bytes(encoded(changed))
    os.utime(file, ns=(info.st_atime_ns, info.st_mtime_ns + 1))
    after = prepare(folder)
    assert after.fingerprint != before.fingerprint
    assert (after.pixels[sorted(files).index("cat/7.png")] == changed).all()
    assert len(sets(cache)[0]) == 2


def test_a_touched_file_is_hashed_but_not_decoded_again(folder, cache):
    before = prepare(folder)
    os.utime(folder / "cat" / "7.png")
    steps = []
    assert prepare(folder, progress=lambda done, total: steps.append(done)).fingerprint == before.fingerprint
    assert len(steps) == 80
    assert len(sets(cache)[0]) == 1


def test_the_fingerprint_is_of_the_content(tmp_path, folder, files, cache):
    fingerprint = prepare(folder).fingerprint
    assert len(bytes.fromhex(fingerprint)) == 32
    backwards = dict(reversed(files.items()))
    assert prepare(write_files(tmp_path / "b" / "copy", backwards)).fingerprint == fingerprint
    assert prepare(write_zip(tmp_path / "copy.zip", backwards)).fingerprint == fingerprint
    assert prepare(folder, size=20).fingerprint == fingerprint  # the size it has anyway
    assert prepare(folder, channels=3, cache=tmp_path / "elsewhere").fingerprint == fingerprint
    for options in ({"size": 32}, {"channels": 1}, {"fit": "pad"}):
        assert prepare(folder, **options).fingerprint != fingerprint
    (folder / "cat").rename(folder / "cow")
    assert prepare(folder).fingerprint != fingerprint


def test_new_labels_make_a_new_set(folder):
    before = prepare(folder)
    (folder / "labels.csv").write_text("".join(f"cat/{i}.png,x\ndog/{i}.png,y\n" for i in range(40)))
    after = prepare(folder)
    assert (after.classes, before.classes) == (["x", "y"], ["cat", "dog"])
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize("damage", ["no manifest", "manifest", "pixels", "no labels", "index"])
def test_a_damaged_entry_is_made_anew(folder, cache, damage):
    before = np.array(prepare(folder).pixels)
    (entry,), _ = sets(cache)
    if damage == "no manifest":
        (entry / "manifest.json").unlink()
    elif damage == "manifest":
        (entry / "manifest.json").write_text("[1]")
    elif damage == "pixels":
        os.truncate(entry / "pixels.npy", 1000)
    elif damage == "no labels":
        (entry / "labels.npy").unlink()
    else:
        next((cache / "data" / "index").iterdir()).write_bytes(b"\xff")
    after = prepare(folder)
    assert (after.pixels == before).all()
    assert after.labels is not None
    assert sets(cache) == ([entry], [])


@pytest.mark.parametrize("file", ["pixels.npy", "labels.npy", "manifest.json"])
def test_one_flipped_bit_is_noticed(folder, cache, rng, file):
    """Anywhere in the prepared set: it is made again, which is said once."""
    before = prepare(folder)
    whole, pixels, labels = before.fingerprint, np.array(before.pixels), before.labels.copy()
    (entry,), _ = sets(cache)
    path = entry / file
    content = path.read_bytes()
    for bit in rng.choice(8 * len(content), 40, replace=False):
        flipped = bytearray(path.read_bytes())
        flipped[bit // 8] ^= 1 << (bit % 8)
        path.write_bytes(flipped)
        with pytest.raises(UserError, match=r"does not have prepared:.* \(any more, or not whole\)"):
            prepare(f"prepared:{whole}")
        after = prepare(folder)
        assert after.notes == ("The decoded images in the cache were damaged: they are decoded again.",)
        assert after.fingerprint == whole
        assert (after.pixels == pixels).all()
        assert (after.labels == labels).all()
        assert after.classes == ["cat", "dog"]
        assert prepare(folder).notes == ()


def test_one_flipped_bit_of_the_index_changes_nothing(tmp_path, cache, rng):
    """What it says of the files, such as the range of their values, is found out again."""
    deep = tmp_path / "deep.npy"
    np.save(deep, rng.integers(0, 4096, (9, 16, 16), np.uint16))
    before = prepare(deep)
    assert before.values
    (index,) = (cache / "data" / "index").iterdir()
    content = index.read_bytes()
    for bit in rng.choice(8 * len(content), 40, replace=False):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << (bit % 8)
        index.write_bytes(flipped)
        after = prepare(deep)
        for fact in ("fingerprint", "values", "range", "former", "notes", "skipped", "classes"):
            assert getattr(after, fact) == getattr(before, fact)


def test_a_set_of_an_earlier_version_has_no_checksums(folder, cache):
    prepare(folder)
    (entry,), _ = sets(cache)
    manifest = json.loads((entry / "manifest.json").read_text())
    del manifest["crc32"], manifest["sha256"]
    (entry / "manifest.json").write_text(json.dumps(manifest))
    assert prepare(folder).notes == ()


def test_names_that_are_no_text(folder, cache):
    (folder / "cat" / "\udcff.png").write_bytes(b"none")
    for _ in range(2):
        assert prepare(folder).skipped == [("cat/\udcff.png", "not an image")]


def test_a_run_killed_halfway_harms_nobody(folder, cache):
    script = f"""
        import os, signal
        from ganatomy.data import prepare
        prepare({str(folder)!r}, progress=lambda done, total: done < 150 or os.kill(os.getpid(), signal.SIGKILL))
    """
    killed = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=False, timeout=60)
    assert killed.returncode == -9
    entries, leftovers = sets(cache)
    assert entries == []
    assert len(leftovers) == 1
    assert leftovers[0].startswith(".partial-")
    assert len(prepare(folder)) == 80
    assert sets(cache)[1] == []


def test_an_interrupted_run_leaves_nothing(folder, cache):
    def stop(done, total):
        if done == 150:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        prepare(folder, progress=stop)
    assert sets(cache) == ([], [])


def test_two_processes_at_once(folder, cache):
    script = f"from ganatomy.data import prepare; print(prepare({str(folder)!r}, size=64).fingerprint)"
    running = [subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    answers = {process.communicate(timeout=60)[0] for process in running}
    assert [process.returncode for process in running] == [0, 0]
    assert len(answers) == 1
    assert len(sets(cache)[0]) == 1
    assert sets(cache)[1] == []


def test_two_threads_never_parse_a_header_together(folder, cache, monkeypatch):
    prepare(folder)
    (entry,), _ = sets(cache)
    parse, parsing = np.lib.format.read_magic, threading.Lock()

    def alone(file):
        assert parsing.acquire(blocking=False)
        time.sleep(0.005)  # long enough for another thread
        parsing.release()
        return parse(file)

    monkeypatch.setitem(np.lib.format.open_memmap.__globals__, "read_magic", alone)
    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(lambda _: len(kept(entry, "here")) == 80, range(8)))


def test_a_full_disk(folder, cache, monkeypatch):
    def full(handle):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(UserError, match="the disk is full; make room there, or set GANATOMY_CACHE"):
            prepare(folder)
    assert sets(cache) == ([], [])
    assert len(prepare(folder)) == 80


def test_a_write_that_fails_for_real(folder, cache):
    script = f"""
        import resource, signal
        from ganatomy.data import prepare
        from ganatomy.errors import UserError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
        try:
            prepare({str(folder)!r})
        except UserError as error:
            print(error)
    """
    answer = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=60)
    assert "the disk is full" in answer.stdout, answer.stderr
    assert sets(cache) == ([], [])


def test_a_cache_that_is_no_folder(folder, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match=r"can be written to .*file: Not a directory"):
        prepare(folder, cache=tmp_path / "file")


def test_progress(folder):
    steps = []
    prepare(folder, progress=lambda done, total: steps.append((done, total)))
    assert steps == [(i, 160) for i in range(1, 161)]


def test_broken_images_are_set_aside(tmp_path, rng, files):
    files["cat/3.png"] = encoded(noise(rng, 50, 50))[:500]
    files["dog/9.png"] = b"hello"
    path = write_zip(tmp_path / "pets.zip", files)
    for _ in range(2):
        images = prepare(path)
        assert len(images) == 78
        assert images.skipped == [("cat/3.png", "truncated"), ("dog/9.png", "not an image")]
        assert np.bincount(images.labels).tolist() == [39, 39]
        assert images.warning == (
            f"{path}: 2 of 80 images cannot be read (first: cat/3.png, truncated). Training goes on without them; "
            f"`ganatomy data inspect {path}` lists them."
        )


def test_too_few(tmp_path, rng, cache):
    write_files(tmp_path, {"none/1.png": b"x", "none/2.png": b"", "one/1.png": noise(rng), "one/2.png": b"x"})
    with pytest.raises(UserError, match=r"None of the 2 images of .*none can be read \(first: 1.png, not an image\)"):
        prepare(tmp_path / "none")
    with pytest.raises(UserError, match="one has one readable image; training needs two at least, and hundreds"):
        prepare(tmp_path / "one")
    assert sets(cache) == ([], [])


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path, rng):
    root = write_files(tmp_path / "set", {name: noise(rng) for name in ("1.png", "2.png", "3.png")})
    (root / "2.png").chmod(0)
    assert prepare(root).skipped == [("2.png", "Permission denied")]


def test_warnings_of_pillow_do_not_leak(tmp_path, rng):
    damaged = encoded(noise(rng), "JPEG", exif=b"Exif\0\0MM\0*\0\0\0\x08\0\x09garbage")
    bomb = b"P5 9500 9500 255 "  # above Pillow's own warning
    images = prepare(write_files(tmp_path / "set", {"1.jpg": damaged, "2.png": noise(rng), "3.pgm": bomb}))
    assert len(images) == 2
    assert images.skipped == [("3.pgm", "9500×9500: more than 64 megapixels")]


@pytest.mark.parametrize(
    ("modes", "channels"),
    [(("L", "L"), 1), (("L", "RGB"), 3), (("1", "I;16"), 1), (("LA", "L"), 1), (("P", "L"), 3), (("RGBA", "RGB"), 3)],
)
def test_channels_follow_the_modes(tmp_path, modes, channels):
    root = write_files(
        tmp_path / "set", {f"{i}.png": encoded(Image.new(mode, (20, 20))) for i, mode in enumerate(modes)}
    )
    assert prepare(root).pixels.shape == (2, 20, 20, channels)
    for wanted in (1, 3, 4):
        assert prepare(root, channels=wanted).pixels.shape == (2, 20, 20, wanted)


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({(28, 28): 9}, (28, 28)),
        ({(75, 100): 9}, (75, 100)),
        ({(256, 16): 1}, (256, 16)),
        ({(300, 300): 2}, (256, 256)),
        ({(12, 12): 2}, (32, 32)),
        ({(60, 100): 2, (100, 70): 3}, (64, 64)),
        ({(128, 128): 2, (129, 500): 1}, (128, 128)),
        ({}, (32, 32)),
    ],
)
def test_suggested_size(sizes, expected):
    assert suggested_size(Counter(sizes)) == expected


@pytest.mark.parametrize(
    ("size", "shape"), [(None, (20, 20)), (16, (16, 16)), ((24, 256), (24, 256)), ([32, 16], (32, 16))]
)
def test_size(folder, size, shape):
    assert prepare(folder, size=size).pixels.shape == (80, *shape, 3)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"size": 15}, "Size 15 cannot be trained on; .* of 16 to 256 pixels"),
        ({"size": (32, 257)}, "cannot be trained on"),
        ({"size": (32, 32, 3)}, "cannot be trained on"),
        ({"channels": 2}, "cannot have 2 channels; choose 1"),
        ({"fit": "corp"}, "no way to fit images called 'corp'; did you mean crop"),
    ],
)
def test_bad_options(folder, options, sentence):
    with pytest.raises(UserError, match=sentence):
        prepare(folder, **options)


def test_in_order():
    count = 7 * CHUNK + 3
    assert list(in_order(lambda i: i * i, count)) == [i * i for i in range(count)]
    assert list(in_order(lambda i: i, 0)) == []


def test_memory_does_not_grow_with_the_number_of_images(tmp_path):
    script = f"""
        import numpy as np
        from ganatomy.data import prepare
        path = {str(tmp_path / "big.npy")!r}
        array = np.lib.format.open_memmap(path, "w+", np.uint8, (1500, 256, 256, 3))
        del array
        prepare(path, cache={str(tmp_path)!r})
    """
    # Mapped pages count as resident, so the file is read under a limit on what may be allocated.
    limit = "import resource; resource.setrlimit(resource.RLIMIT_DATA, (250 * 2**20,) * 2)\n"
    run = subprocess.run(
        [sys.executable, "-c", limit + textwrap.dedent(script)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    manifest = next(tmp_path.glob("data/*/manifest.json"))
    assert json.loads(manifest.read_text())["files"]["pixels.npy"] == 128 + 1500 * 256 * 256 * 3
    shutil.rmtree(tmp_path / "data")


def test_the_first_images_are_a_set_of_their_own(tmp_path: Path, rng: np.random.Generator) -> None:
    root = write_files(tmp_path / "set", {f"{kind}/{i}.png": noise(rng) for kind in ("cat", "dog") for i in range(3)})
    whole, part = prepare(root), prepare(root, first=4)
    assert (len(whole), len(part)) == (6, 4)
    assert (part.pixels == whole.pixels[:4]).all()
    assert part.labels.tolist() == [0, 0, 0, 1]
    assert part.fingerprint not in (whole.fingerprint, prepare(root, first=3).fingerprint)
    assert prepare(root, first=6).fingerprint == prepare(root, first=100).fingerprint == whole.fingerprint


def ramps(folder: Path, kind: str, image) -> Path:
    """Three images of 160 × 200 pixels in files whose bytes do not depend on an encoder; image: (x, y, i) → pixels."""
    folder.mkdir()
    y, x = np.mgrid[:160, :200]
    for i in range(3):
        pixels = image(x, y, i)
        if kind == "pgm":  # 16 bits, which Pillow writes since version 11 only
            (folder / f"{i}.pgm").write_bytes(b"P5\n200 160\n65535\n" + pixels.astype(">u2").tobytes())
        else:
            Image.fromarray(pixels).save(folder / f"{i}.{kind}")
    return folder


def colours(x, y, i):
    return np.uint8(np.stack([x, y, x + y + i], -1) % 256)


def test_what_comes_out_as_before_has_the_fingerprint_of_before(tmp_path):
    """Computed by the first format: runs that were started then go on."""
    bmp, ppm = ramps(tmp_path / "bmp", "bmp", colours), ramps(tmp_path / "ppm", "ppm", colours)
    pgm = ramps(tmp_path / "pgm", "pgm", lambda x, y, i: np.uint16((x + y + i) * 180))
    y, x = np.mgrid[:160, :200]
    floats = np.float32((x + y) / 400)[None] * np.float32([1, 0.5, 0.25])[:, None, None]
    found = [
        prepare(bmp, size=32),
        prepare(ppm, size=32, fit="stretch"),
        prepare(pgm, size=48),
        prepare(floats, size=32),
    ]
    assert [images.fingerprint for images in found] == [
        "1a6f3c6a874525c3cc0b02f2df6a7fb18d91acab552bc092432ca5a9b82e0537",
        "7c8e56a2b0e935c3735597431c911ca0e295a96eba509477b837ab913c887eb6",
        "3313b511ce5bfafa4a34c2e37632ee19afae3a14db3b01983d801766d7e71b7a",
        "f3dea03434d87b8e10fc13d5e71b5251c23109c24f251c0ba982c0b39b5b51b6",
    ]
    assert {images.former for images in found} == {None}
    padded = prepare(ppm, size=32, fit="pad")  # with black then
    assert padded.former == "42e1bfe6905429ac8401a92dfb56f1e2aac813f20e2addf2036e5df9593ef0a5" != padded.fingerprint
    assert prepare(ppm, size=(32, 40), fit="pad").former is None  # without bars


def test_large_jpeg_files_and_floats_have_new_fingerprints(tmp_path, rng):
    jpegs = write_files(tmp_path / "jpegs", {f"{i}.jpg": encoded(noise(rng, 260, 300), "JPEG") for i in range(2)})
    assert prepare(jpegs, size=32).former is not None
    assert prepare(jpegs, size=128).former is None  # those were decoded in full before
    halves = {f"{i}.tif": encoded(Image.fromarray(np.float32(noise(rng, channels=1)) / 255), "TIFF") for i in range(2)}
    assert prepare(write_files(tmp_path / "floats", halves)).former is not None


def test_a_folder_of_jpegs_and_one_of_pngs_of_the_same_pictures_are_equal(tmp_path, rng):
    jpegs = write_files(tmp_path / "jpegs", {f"{i}.jpg": encoded(noise(rng, 300, 400), "JPEG") for i in range(4)})
    pngs = {f"{file.stem}.png": encoded(Image.open(file)) for file in sorted(jpegs.iterdir())}
    assert (prepare(jpegs, size=32).pixels == prepare(write_files(tmp_path / "pngs", pngs), size=32).pixels).all()


def test_the_scale_of_floats_is_one_for_the_set(tmp_path):
    """A nearly black image of a set of 0–255 stays nearly black, and three ramps of different heights differ."""
    ramp = np.linspace(0, 1, 400, dtype=np.float32).reshape(20, 20)
    files = {f"{high}.tif": encoded(Image.fromarray(ramp * high), "TIFF") for high in (3, 60, 255)}
    images = prepare(write_files(tmp_path / "set", files))
    assert images.pixels.max(axis=(1, 2, 3)).tolist() == [255, 3, 60]  # in the order of their names
    assert images.values == "float32 from 0 to 255, read as 0 (black) to 255 (white)"
    assert images.range == (0, 255)
    assert images.notes == ()
    high = prepare(
        write_files(tmp_path / "odd", {f"{i}.tif": encoded(Image.fromarray(ramp * i * 500), "TIFF") for i in (1, 4)})
    )
    assert high.values == "float32 from 0 to 2000, read as 0 (black) to 2000 (white)"
    assert high.pixels.max(axis=(1, 2, 3)).tolist() == [64, 255]
    # As a run records it, for its other images: the same set.
    assert prepare(tmp_path / "odd", range=high.range).fingerprint == high.fingerprint


@pytest.mark.parametrize(
    ("pixels", "kind", "used"),
    [
        (np.uint8([0, 1]), "uint8", "values of 0 to 1 leave 99.6% of the range from 0 (black) to 255 (white) unused"),
        (
            np.uint16([0, 4095]),
            "uint16",
            "values of 0 to 4095 leave 93.8% of the range from 0 (black) to 65535 (white)",
        ),
    ],
)
@pytest.mark.parametrize("source", ["files", "array"])
def test_an_unused_range_is_a_warning_with_its_cure(tmp_path, pixels, kind, used, source):
    masks = pixels[np.indices((3, 20, 20)).sum(0) % 2]
    if source == "files":
        given = write_files(
            tmp_path / "set", {f"{i}.png": encoded(Image.fromarray(mask)) for i, mask in enumerate(masks)}
        )
    else:
        given = tmp_path / "set.npy"
        np.save(given, masks)
    for _ in range(2):
        (note,) = prepare(given).notes
        assert used in note
        assert note.endswith(f"--set data.range=0,{pixels[1]} uses all of it.")
    images = prepare(given, range=(0, int(pixels[1])))
    assert (images.pixels[..., 0] == 255 * (masks > 0)).all()
    assert images.range == (0, pixels[1])
    assert not [note for note in images.notes if "unused" in note]


def test_what_a_range_clips_is_said(tmp_path, rng):
    folder = write_files(
        tmp_path / "set", {f"{i}.png": np.uint8([[10, 200]]).repeat(16, 0).repeat(8, 1) for i in range(2)}
    )
    (note,) = prepare(folder, range=(0, 100)).notes
    assert note == "Values: uint8 from 10 to 200, read as 0 (black) to 100 (white); what lies beyond is clipped."
    array = np.float32(rng.normal(size=(4, 16, 16)))
    with pytest.raises(UserError, match=r"say which are black and white: data\.range=LOW,HIGH"):
        prepare(array)
    assert prepare(array, range=(-3, 3)).values.startswith("float32 from ")
    for wrong in ((1, 0), (0, float("inf")), (0, 1, 2)):
        with pytest.raises(UserError, match="is none: give the values of black and white"):
            prepare(array, range=wrong)
    kept = prepare(array, range=(-2, 2))
    assert prepare(kept.source, range=(-2, 2)).fingerprint == kept.fingerprint
    with pytest.raises(UserError, match="has been read already"):
        prepare(kept.source, range=(-3, 3))


def test_transparent_and_cropped_images_are_counted(tmp_path):
    clear, solid = Image.new("RGBA", (20, 20), (9, 9, 9, 0)), Image.new("RGBA", (20, 40), (200, 9, 9, 255))
    files = {"1.png": encoded(clear), "2.png": encoded(solid), "3.png": encoded(solid)}
    folder = write_files(tmp_path / "set", files)
    transparent = "1 image is transparent: it is laid on white; --channels 4 keeps transparency."
    cropped = "2 of 3 images are cropped, by 50% of the picture; --fit pad or --fit stretch keeps all of it."
    for _ in range(2):  # decoded, and from the cache
        assert prepare(folder, size=32).notes == (transparent, cropped)
    assert prepare(folder, size=32, channels=4).notes == (cropped,)
    padded = prepare(folder, size=32, fit="pad", channels=4)
    assert padded.pixels[1, 0, 0].tolist() == [255, 255, 255, 0]
    assert "padded: bars, transparent, take 50%" in padded.notes[0]
    assert (
        prepare(folder, size=32, fit="pad", padding="border").fingerprint
        != prepare(folder, size=32, fit="pad").fingerprint
    )


def test_a_set_of_the_first_format_learns_its_notes(folder, cache):
    """Its pixels stay; what is said of them is worked out once."""
    images = prepare(folder, size=(20, 40))
    (entry,), _ = sets(cache)
    manifest = json.loads((entry / "manifest.json").read_text())
    del manifest["notes"], manifest["range"], manifest["crc32"], manifest["sha256"]
    (entry / "manifest.json").write_text(json.dumps(manifest))
    shutil.rmtree(cache / "data" / "index")
    again = prepare(folder, size=(20, 40))
    assert again.notes == images.notes != ()
    assert again.fingerprint == images.fingerprint
