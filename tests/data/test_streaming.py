"""Streamed tar shards: the order, what each process reads, the bounded cache, counts, and what is refused."""

from collections import Counter
from pathlib import Path

import fsspec
import numpy as np
import pytest
import torch
from bench import shards
from image_files import noise, write_files, write_tar

from ganatomy.data import inspect, inspection, prepare
from ganatomy.data.shard_batches import ShardBatches
from ganatomy.data.store import Images
from ganatomy.errors import UserError
from ganatomy.system.runtime import Randomness, Runtime

SHARDS, EACH = 6, 5


def shade(number: int) -> np.ndarray:
    return np.full((16, 16), number, np.uint8)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Six shards of five images; image n is grey n, and its class n mod 3."""
    for i in range(SHARDS):
        numbers = range(i * EACH, (i + 1) * EACH)
        files: dict[str, object] = {f"{n:03d}.png": shade(n) for n in numbers}
        write_tar(tmp_path / "set" / f"{i}.tar", files | {f"{n:03d}.cls": b"%d" % (n % 3) for n in numbers})
    return tmp_path / "set"


def streamed(folder: Path | str, **options: object) -> Images:
    images = prepare(folder, **{"stream": True, "buffer": 8, **options})  # type: ignore[arg-type]
    assert images.stream is not None
    return images


def batches(
    images: Images, batch: int = 6, seed: int = 0, rank: int = 0, world: int = 1, **options: bool
) -> ShardBatches:
    return ShardBatches(images, batch, 1, Randomness(seed), Runtime(rank=rank, world=world), **options)


def numbers(drawn: torch.Tensor) -> list[int]:
    """Which images a batch holds, by their shade."""
    return ((drawn[:, 0, 0, 0] + 1) * 127.5).round().int().tolist()


def seen(of: ShardBatches, steps: range) -> list[int]:
    return [number for step in steps for number in numbers(of(step).images)]


def test_a_pass_shows_every_image_once_in_an_order_of_its_own(folder: Path) -> None:
    of = batches(streamed(folder))
    shown = seen(of, range(15))
    passes = [shown[i : i + 30] for i in range(0, 90, 30)]
    assert all(sorted(each) == list(range(30)) for each in passes)
    assert len({tuple(each) for each in passes}) == 3
    assert seen(batches(streamed(folder)), range(15)) == shown
    assert seen(batches(streamed(folder), seed=1), range(15)) != shown


def test_the_order_needs_no_history(folder: Path) -> None:
    """Step 12 alone, and backwards, as after a resume or a roll-back; with an empty cache, too."""
    shown = [numbers(batches(streamed(folder))(step).images) for step in range(15)]
    assert numbers(batches(streamed(folder))(12).images) == shown[12]
    of = batches(streamed(folder))
    assert [numbers(of(step).images) for step in (14, 3, 8)] == [shown[14], shown[3], shown[8]]


def test_shuffled_together_are_as_many_shards_as_fill_the_buffer(folder: Path) -> None:
    """Eight images need two shards of five: each tenth of a pass is of two shards, all of their images."""
    shown = seen(batches(streamed(folder)), range(5))
    for i in range(0, 30, 10):
        shards = Counter(number // EACH for number in shown[i : i + 10])
        assert sorted(shards.values()) == [5, 5]
        assert shown[i : i + 10] != sorted(shown[i : i + 10])


@pytest.mark.parametrize(("world", "shards_of"), [(2, [{0, 2, 4}, {1, 3, 5}]), (3, [{0, 3}, {1, 4}, {2, 5}])])
def test_each_process_reads_its_own_shards(folder: Path, world: int, shards_of: list[set[int]]) -> None:
    for rank, own in enumerate(shards_of):
        shown = seen(batches(streamed(folder), 6, rank=rank, world=world), range(30 // 6))
        assert {number // EACH for number in shown} == own
        assert sorted(shown) == sorted(number for number in range(30) if number // EACH in own)


def test_fewer_shards_than_processes_are_shared(tmp_path: Path) -> None:
    """Four processes, two shards: all images of a pass once, each from one process."""
    for i in range(2):
        files = {f"{n}.png": shade(n) for n in range(4 * i, 4 * i + 4)}
        write_tar(tmp_path / f"{i}.tar", files)
    shown = [seen(batches(streamed(tmp_path), 4, rank=rank, world=4), range(2)) for rank in range(4)]
    assert sorted(number for each in shown for number in each) == list(range(8))
    assert [{number // 4 for number in each} for each in shown] == [{0}, {1}, {0}, {1}]


def test_labels_go_with_their_images(folder: Path) -> None:
    batch = batches(streamed(folder), 30, conditional=True)(0)
    assert batch.classes is not None
    assert batch.classes.argmax(1).tolist() == [number % 3 for number in numbers(batch.images)]


def test_a_class_that_was_not_seen_is_refused_and_a_list_of_classes_helps(tmp_path: Path) -> None:
    for i in range(4):
        write_tar(
            tmp_path / f"{i}.tar",
            {f"{n}.png": shade(n) for n in (2 * i, 2 * i + 1)} | {f"{n}.cls": b"%d" % i for n in (2 * i, 2 * i + 1)},
        )
    with pytest.raises(UserError, match=r"is of the class \d, which was not seen before, .* classes\.txt"):
        seen(batches(streamed(tmp_path, buffer=2), 4, conditional=True), range(2))
    write_files(tmp_path, {"classes.txt": b"a\nb\nc\nd\n"})
    batch = batches(streamed(tmp_path, buffer=2), 8, conditional=True)(0)
    assert batch.classes is not None
    assert batch.classes.argmax(1).tolist() == [number // 2 for number in numbers(batch.images)]


def test_bytes_on_disk_are_bounded_and_the_least_recently_used_go(folder: Path, cache: Path) -> None:
    images = streamed(folder, cache_gb=5.5e-6)  # 5,500 bytes: two decoded shards of some 2,100
    assert images.stream is not None
    for number in (0, 1, 0, 2):
        images.stream.images(number)
    kept = {path.parent.name[:6] for path in (cache / "data" / "shards").glob("*/*/manifest.json")}
    assert sum(file.stat().st_size for file in (cache / "data" / "shards").glob("*/*/*")) <= 5500
    assert kept == {"000000", "000002"}
    assert images.stream.count(1) == EACH
    assert numbers(batches(images)(4).images) == numbers(batches(streamed(folder))(4).images)


def test_the_number_of_images_is_estimated_until_all_shards_were_read(folder: Path) -> None:
    images = streamed(folder)
    assert len(images) == 10
    assert images.total == 30  # shards of one size
    write_tar(folder / "0.tar", {"x.png": shade(1)})
    images = streamed(folder)
    assert images.total != 26
    seen(batches(images), range(5))
    assert images.total == 26


def test_images_that_cannot_be_read_are_counted_and_named(folder: Path, rng: np.random.Generator) -> None:
    write_tar(folder / "3.tar", {"a.png": noise(rng, 16, 16, 1), "b.png": b"no image", "c.png": b""})
    images, said = streamed(folder), []
    assert images.stream is not None
    images.stream.say = said.append
    assert images.stream.count(3) == 1
    assert len(said) == 1
    assert said[0].startswith("2 of 3 images of 3.tar cannot be read (first: 3.tar/b.png, not an image).")
    assert images.stream.count(3) == 1
    assert len(said) == 1


def test_a_shard_with_other_images_than_before_is_refused(folder: Path) -> None:
    images = streamed(folder)
    assert images.stream is not None
    images.stream.images(0)
    content = bytearray((folder / "0.tar").read_bytes())
    other = (folder / "1.tar").read_bytes()
    assert len(content) == len(other)
    (folder / "0.tar").write_bytes(other)
    again = streamed(folder)
    assert again.fingerprint == images.fingerprint
    assert again.stream is not None
    with pytest.raises(UserError, match=r"0\.tar holds other images than before \(5 now, 5 then\)"):
        again.stream.images(0)


def test_counts_travel_to_an_empty_cache(folder: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """On another machine, a step of the third pass needs the shards of its own group alone."""
    images = streamed(folder)
    assert images.stream is not None
    shown = numbers(batches(images)(10).images)
    known = images.stream.known()
    monkeypatch.setenv("GANATOMY_CACHE", str(tmp_path / "other"))
    other = streamed(folder)
    assert other.stream is not None
    other.stream.learn(known)
    of = batches(other)
    assert numbers(of(10).images) == shown
    of.ahead[0].thread.join()
    assert len(list((tmp_path / "other" / "data" / "shards").glob("*/*/manifest.json"))) <= 4


def test_an_address_is_streamed_shard_by_shard(folder: Path) -> None:
    here = seen(batches(streamed(folder)), range(5))
    system = fsspec.filesystem("memory")
    system.put(str(folder), "/bucket/set", recursive=True)
    try:
        images = streamed("memory://bucket/set")
        assert images.fingerprint == streamed(folder).fingerprint
        assert seen(batches(images), range(5)) == here
    finally:
        system.rm("/bucket", recursive=True)


def test_size_decides_where_nobody_does(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert prepare(folder).stream is None
    assert prepare(folder, cache_gb=1e-5).stream is not None
    assert prepare(folder, cache_gb=1e-5, stream=False).stream is None
    monkeypatch.setattr(inspection, "CACHE_GB", 1e-5)
    monkeypatch.setattr(inspection, "BUFFER", 8)
    found = inspect(folder)
    assert found.images == 10
    assert any("2 of 6 shards were looked at" in note for note in found.notes)


def test_what_cannot_be_streamed_is_refused(folder: Path, tmp_path: Path, rng: np.random.Generator) -> None:
    plain = write_files(tmp_path / "plain", {"1.png": noise(rng), "2.png": noise(rng)})
    with pytest.raises(UserError, match=r"data\.stream is for tar shards, and .*plain is none of them"):
        prepare(plain, stream=True)
    with pytest.raises(UserError, match=r"data\.first takes the first of all images"):
        prepare(folder, stream=True, first=4)


@pytest.mark.slow
def test_memory_and_disk_do_not_grow_with_the_images() -> None:
    """10,000 and 60,000 images, a whole pass of each; fewer are read before the first batch than there are."""
    few, many = shards.run(10_000), shards.run(60_000)
    assert many["peak"] < few["peak"] + 32 * 2**20
    assert many["cache"] < 1.1e9 * shards.CACHE_GB
