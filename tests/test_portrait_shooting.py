"""A press in portrait mode: five files that belong together, and whatever goes wrong, a photo and the reason."""

from __future__ import annotations

import hashlib
import json
import logging
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import simplejpeg
from PIL import Image
from portrait_bench import JUDGE, STORY, PortraitBench, entry_of, names_beside, nobody, somebody, upright_oval

from accelerators.masking import Found, Gate, Masking, Means
from firmware.commands.status import lines
from firmware.demo.bench_daemon import same_code
from firmware.errors import SettingsError, StorageError
from firmware.files.jpeg import encode_jpeg
from firmware.files.png import read_mask
from firmware.portrait.masks import Masks
from firmware.portrait.memory import lacking_memory
from firmware.service.reloading import take_over
from firmware.settings import AcceleratorSettings, PortraitSettings, Settings
from firmware.storage.photo_size import JPEG_BYTES_PER_PIXEL, SIDECAR_BYTES
from isp.develop import develop
from isp.photo import photo_pipeline

SHAPE = (480, 640)
ALL = ["IMG_0001-mask.PNG", "IMG_0001-plain.JPG", "IMG_0001.DNG", "IMG_0001.JPG", "IMG_0001.json"]
UNBLURRED = ["IMG_0001.DNG", "IMG_0001.JPG", "IMG_0001.json"]


@pytest.fixture
def portraits(tmp_path):
    bench = PortraitBench(tmp_path)
    yield bench
    bench.close()


@pytest.fixture
def as_photo(portraits):
    """The JPEG of mode photo, of the same frame."""
    return encode_jpeg(develop(portraits.frame, photo_pipeline(), portraits.tuning, judge=JUDGE), 90)


def test_a_portrait_leaves_the_blurred_photo_the_plain_one_the_mask_the_raw_and_the_story(portraits, as_photo):
    job = portraits.take()
    assert names_beside(job) == ALL
    assert job.files.plain.read_bytes() == as_photo
    assert (read_mask(job.files.mask, SHAPE) == upright_oval(SHAPE)).all()
    report = job.done.result()
    assert report["blurred"] and report["beside"] == [str(job.files.plain), str(job.files.mask)]
    blurred, plain = (simplejpeg.decode_jpeg(file.read_bytes()) for file in (job.files.jpeg, job.files.plain))
    detail = {name: np.abs(np.diff(picture.astype(int), axis=1)) for name, picture in (("b", blurred), ("p", plain))}
    assert detail["b"][:, :100].mean() < 0.7 * detail["p"][:, :100].mean(), "what lies around is not blurred"
    middle = np.s_[200:280, 290:350]
    assert np.abs(blurred[middle].astype(int) - plain[middle]).mean() < 1, "the subject is not as it was"


def test_the_sidecar_says_who_was_found_by_whom_and_what_lens_was_drawn(portraits):
    job = portraits.take(tables={"bokeh": {"f_number": 1.4, "distance_m": 2.0}})
    entry = entry_of(job)
    assert (entry["blurred"], entry["why"], entry["subject"]) == (True, None, STORY["subject"])
    assert (entry["device"], entry["model"], entry["model_sha256"]) == ("usb:0", "network.tflite", "0" * 64)
    assert (entry["f_number"], entry["distance_m"], entry["distance_from"]) == (1.4, 2.0, "hand")
    assert entry["radius_px"] > 1
    mask = hashlib.sha256(job.files.mask.read_bytes()).hexdigest()
    assert entry["mask"] == {"file": job.files.mask.name, "sha256": mask} and entry["plain"] == job.files.plain.name
    recipe = json.loads(job.files.sidecar.read_text())["recipe"]
    facts = next(line for line in recipe if line["stage"] == "bokeh")
    assert None not in (facts["largest_px"], facts["ground"]), "the recipe alone cannot repeat the blur"


def test_a_lens_that_cannot_tell_its_focus_has_the_usual_distance(portraits):
    assert entry_of(portraits.take())["distance_from"] == "usual"


def test_files_become_durable_in_the_order_in_which_losing_power_hurts_least(portraits):
    portraits.take()
    order = [portraits.card.written.get(timeout=1).name.removeprefix("IMG_0001") for _ in ALL]
    assert order == [".DNG", "-plain.JPG", "-mask.PNG", ".json", ".JPG"]
    portraits.take(dng=False)  # nobody could follow the recipe
    order = [portraits.card.written.get(timeout=1).name.removeprefix("IMG_0002") for _ in ALL[1:]]
    assert order == ["-plain.JPG", "-mask.PNG", ".JPG", ".json"]


def test_where_nobody_is_found_the_plain_photo_is_the_photo(portraits, as_photo):
    job = portraits.take(nobody)
    assert names_beside(job) == UNBLURRED
    assert job.files.jpeg.read_bytes() == as_photo
    entry = entry_of(job)
    assert (entry["blurred"], entry["why"]) == (False, "the picture shows nothing that stands out")
    assert "bokeh" not in job.files.sidecar.read_text()
    assert job.done.result()["why"] == entry["why"]


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({"keep_plain": False}, [name for name in ALL if "plain" not in name]),
        ({"keep_mask": False}, [name for name in ALL if "mask" not in name]),
    ],
)
def test_what_is_not_wanted_is_not_kept(portraits, settings, names):
    job = portraits.take(**settings)
    assert names_beside(job) == names
    left_out = next(key for key in ("plain", "mask") if settings.get(f"keep_{key}") is False)
    assert entry_of(job)[left_out] is None


def breaks(picture):
    raise RuntimeError("the network fell over")


def runs_out(picture):
    raise MemoryError


def of_another_picture(picture):
    return Found(np.zeros((7, 7), np.uint8), dict(STORY))


def of_nothing(picture):
    return Found(np.zeros(picture.shape[:2], np.uint8), dict(STORY))


@pytest.mark.parametrize(
    ("find", "why"),
    [
        (breaks, "the network fell over"),
        (runs_out, "MemoryError"),
        (of_another_picture, r"uint8 (7, 7)"),
        (of_nothing, "the portrait failed"),
    ],
)
def test_a_portrait_that_fails_on_the_way_is_an_unblurred_photo_with_the_reason(portraits, as_photo, find, why):
    job = portraits.take(find)
    assert names_beside(job) == UNBLURRED
    assert job.files.jpeg.read_bytes() == as_photo
    assert why in entry_of(job)["why"]
    assert portraits.darkroom.tally.failed == 0
    assert portraits.take(somebody).done.result()["blurred"], "the next one is made as if nothing had been"


def test_a_portrait_that_fails_lets_go_of_its_pictures_before_the_plain_one_is_made(portraits, caplog):
    caplog.set_level(logging.CRITICAL)  # pytest keeps what is logged, with the error and all that it holds
    held = []

    def runs_out_later(picture):
        held.append(tracemalloc.get_traced_memory()[0])
        tracemalloc.reset_peak()
        raise MemoryError

    portraits.take(somebody)  # what is imported once is no picture
    tracemalloc.start()
    try:
        portraits.take(runs_out_later)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert held[0] > 12 * SHAPE[0] * SHAPE[1], "the linear picture is not seen: this measures nothing"
    assert peak < 1.1 * held[0], "the unblurred photo was made beside what the portrait had filled memory with"


def test_a_mask_that_the_card_refuses_is_not_named_and_what_was_promised_is_not_claimed(portraits):
    portraits.card.refused = "-mask.PNG"
    job = portraits.take()
    assert names_beside(job) == [name for name in ALL if "mask" not in name]
    entry = entry_of(job)
    assert entry["mask"] is None and "the card is full" in entry["not_written"]["IMG_0001-mask.PNG"]
    with pytest.raises(StorageError, match="the card is full"):
        job.done.result()


def test_the_press_is_refused_where_the_portrait_s_other_files_would_not_fit(night):
    bench = night()
    bench.shut_the_gate()
    pixels = SHAPE[0] * SHAPE[1]
    needed = pixels * (2 + 2 * JPEG_BYTES_PER_PIXEL + 1)
    bench.card.set_floor(10**6)
    with pytest.raises(StorageError, match=f"a photo of {(needed + SIDECAR_BYTES) / 1e6:.0f} MB"):
        bench.shooting.choose(bench.thread.ring.newest().shot.timestamp_ns, "portrait")
    with pytest.raises(StorageError, match=f"a photo of {(needed - pixels * 4 + SIDECAR_BYTES) / 1e6:.0f} MB"):
        bench.shooting.choose(bench.thread.ring.newest().shot.timestamp_ns, "photo")


@pytest.mark.slow
def test_a_mirrored_sensor_has_a_mirrored_mask_and_both_files_are_upright(tmp_path, portraits):
    gate, masking = Gate(0.5), Masking(Means("fast", tmp_path / "no-models"))
    mirrored = PortraitBench(tmp_path / "mirrored", hflip=True)
    jobs = [bench.take(lambda picture: masking.find(picture, gate)) for bench in (portraits, mirrored)]
    mirrored.close()
    straight, turned = (read_mask(job.files.mask, SHAPE) > 127 for job in jobs)
    turned = turned[:, ::-1]
    assert (straight & turned).sum() > 0.9 * (straight | turned).sum()
    with Image.open(jobs[1].files.jpeg) as photo, Image.open(jobs[1].files.mask) as mask:
        assert photo.getexif()[274] == 1 and 274 not in mask.getexif() and photo.size == mask.size


def test_where_memory_lacks_the_reason_says_how_much_and_where_the_portrait_can_be_made(tmp_path):
    meminfo = tmp_path / "meminfo"
    meminfo.write_text("MemAvailable: 300000 kB\n")
    assert "557 MB" in lacking_memory(4056 * 3040, meminfo) and "307 MB" in lacking_memory(4056 * 3040, meminfo)
    assert "nightjar develop --mode portrait" in lacking_memory(4056 * 3040, meminfo)
    assert lacking_memory(2028 * 1520, meminfo) == lacking_memory(4056 * 3040, tmp_path / "no such file") == ""


# The daemon's accelerator


def test_nothing_is_loaded_before_a_portrait_is_wanted():
    script = (
        "import sys; from firmware.daemon import Daemon; from firmware.portrait.masks import Masks\n"
        "from firmware.settings import AcceleratorSettings\n"
        "masks = Masks(AcceleratorSettings()); masks.close()\n"
        "print(masks.report()['state'], sorted({'cv2', 'ai_edge_litert', 'accelerators.masking'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, env=same_code())
    assert ran.stdout == "off []\n", ran.stderr


def test_another_device_or_model_serves_after_a_reload():
    wanted = Settings(accelerator=AcceleratorSettings(device="cpu"), portrait=PortraitSettings(least_confidence=0.7))
    change = take_over(Settings(), wanted)
    assert change.changed == ("accelerator.device", "portrait.least_confidence") and not change.not_reloaded
    masks = Masks(Settings().accelerator)
    masks.use(AcceleratorSettings(model="quality"))
    assert masks.report()["model"] == "quality"


@pytest.mark.parametrize("device", ["usb:x", "gpu", "/dev/bus/usb/001/004", "usb:0 "])
def test_a_device_that_cannot_be_is_refused_by_name(device):
    with pytest.raises(SettingsError, match=r"\[accelerator\] device.*cpu"):
        Masks(AcceleratorSettings(device=device))


@pytest.fixture(scope="module")
def taken(module_bench):
    """A daemon without any model, and what it answered to a press in mode portrait."""
    module_bench.start(simulated__scene="astronaut", accelerator__models_folder="/nowhere", darkroom__mode="portrait")
    yield module_bench.call("shoot"), module_bench
    assert module_bench.stop() == 0


def test_without_a_model_the_subject_is_guessed_and_the_sidecar_says_so(taken):
    photo, _ = taken
    assert photo["blurred"], photo["why"]
    entry = json.loads(Path(photo["sidecar"]).read_text())["portrait"]
    assert entry["subject"]["is_guess"] and entry["device"] is None
    assert "nightjar models fetch" in entry["without_model"]
    mask = read_mask(Path(photo["jpeg"]).with_name("IMG_0001-mask.PNG"), SHAPE)
    assert mask[150:330, 280:360].mean() > 200, "her face is not in the mask"
    assert mask[:60, :60].mean() < 20


@pytest.mark.parametrize(
    ("device", "line"),
    [
        ({}, "network  dm05 on usb:0, 12 ms a look"),
        ({"answered_by": "cpu", "fell_back": "usb:0 hung"}, "network  dm05 on cpu, 12 ms a look (usb:0 hung)"),
        ({"answered_by": None, "chosen": "cpu", "why": "no stick"}, "network  dm05 on cpu (no stick)"),
        ({"breaker": "open", "last_fault": "it was pulled out"}, "; the device is open: it was pulled out"),
    ],
)
def test_the_status_line_says_which_device_answered_how_fast_and_why_not_another(taken, device, line):
    told = {"model": "dm05", "chosen": "usb:0", "why": "", "answered_by": "usb:0", "fell_back": "", "median_ms": 12.3}
    told |= {"breaker": "closed", "last_fault": ""}
    accelerator = {"state": "ready", "model": "fast", "lacking": None, "device": told | device}
    status = taken[1].call("status") | {"accelerator": accelerator}
    shown = [text for text in lines(status) if text.startswith("network")]
    assert len(shown) == 1 and line in shown[0]


def test_status_says_what_answers_and_the_command_that_fetches_the_model(taken):
    status = taken[1].until(lambda status: status["accelerator"]["state"] == "ready")
    assert any("nightjar models fetch" in warning for warning in status["warnings"])
    assert any(line.startswith("network  fast: none answers") for line in lines(status))
