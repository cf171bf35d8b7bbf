"""A photo has the same bytes on every processor: the Raspberry Pi's, an old PC's, and the one that runs this test.

The kernels are built again for each processor, without Python, and follow the very calls that the camera's own stages
make (`tests/aarch64/replay.cpp`), those that align and merge a burst, those that blur and those that resize.
Processors that this machine lacks are emulated.
"""

import dataclasses
import platform
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from aarch64.bokeh_calls import bokeh_calls
from aarch64.burst_calls import burst_calls, noisier, written
from aarch64.resample_calls import resample_calls
from aarch64.zoom_calls import zoom_calls

from firmware.cameras.simulated import simulate
from firmware.sensors import load_sensor
from isp.burst.places import places_of
from isp.colour_fringes import ColourFringes
from isp.develop import add_stages, run_stages
from isp.eight_bit import EightBit
from isp.frames import BAYER_ORDERS, LinearFrame, LinearImage, Mosaic, Photo, RawFrame
from isp.kernels import LIFT_LEVELS
from isp.knobs import knob_fields
from isp.local_tone import LocalTone
from isp.photo import STAGES, photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.preview import preview, tell
from isp.preview_numbers import preview_numbers
from isp.sharpen import Sharpen
from isp.zoom.three_colours import on_three_colours

pytestmark = pytest.mark.aarch64

SOURCES = Path(__file__).parent / "aarch64"
BEGIN = {RawFrame: "over_raw", Mosaic: "over_mosaic", LinearImage: "over_linear", Photo: "over_photo"}
BEGIN[LinearFrame] = "over_colour_counts"
END = {Mosaic: "run_mosaic", LinearImage: "run_linear", Photo: "run_sixteen_bit"}
# Smaller than a vector, odd, and wider than the tiles that chains are cut into.
SIZES = [(2, 2), (3, 5), (5, 3), (7, 64), (131, 77), (6, 3301)]
# As many as can be asked for.
THREADS = 2**31 - 1


@dataclass(frozen=True)
class Processor:
    """How to build for a processor and how to run what was built; for this machine's own there is no emulator."""

    flags: str
    emulated: str | None = None


PROCESSORS = {
    "pi-3-and-zero-2": Processor("-march=armv8-a", "cortex-a53"),
    "pi-5": Processor("-mcpu=cortex-a76", "cortex-a76"),
    "no-special-instructions": Processor(""),
    # Stops at the first index out of bounds or number that does not fit where it is put.
    "watched": Processor("-fsanitize=address,undefined,float-cast-overflow -fno-sanitize-recover=all"),
}


class Recorder:
    """Stands where the stages expect their chain, and writes down what they ask for."""

    def __init__(self):
        self.lines = []

    def __getattr__(self, method):
        def write_down(*arguments):
            self.lines.append(" ".join([method, *map(written, arguments)]))

        return write_down


def tool(name):
    beside = Path(sys.executable).parent / name
    found = str(beside) if beside.exists() else shutil.which(name)
    if not found:
        pytest.skip(f"{name} is not here. Please run: sudo apt install g++ g++-aarch64-linux-gnu qemu-user cmake")
    return found


def crop(frame, height, width):
    return RawFrame(np.ascontiguousarray(frame.pixels[120 : 120 + height, 160 : 160 + width]), frame.shot)


def merged(frame):
    """The frame as if from 1 to 8 others backed its places."""
    behind = np.random.default_rng(5).uniform(1, 8, places_of(frame.pixels.shape)).astype(np.float32)
    return RawFrame(frame.pixels, dataclasses.replace(frame.shot, frames=8), behind)


def planned(frame, tables=None):
    """The photo's stages; with lifted shadows, for which the chart has no need."""
    shares = np.random.default_rng(3).uniform(0, 1, (LIFT_LEVELS, 4, 5))
    lifted = dict(largest_lift_ev=2.5, shares=tuple(tuple(map(tuple, plane)) for plane in shares.tolist()))
    stages = plan(photo_pipeline(tables), frame, load_sensor("imx219").tuning).stages
    return tuple(dataclasses.replace(s, **lifted) if isinstance(s, LocalTone) else s for s in stages)


def hostile_counts(shape, seed):
    """Noise over the whole range of a sensor, and counts it should never give."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(0, 1024, shape)
    return np.where(rng.random(shape) < 0.05, rng.choice([0, 1, 1023, 65535], shape), counts).astype(np.uint16)


def hostile_values(shape, largest):
    """Linear values between, on and beyond the ends of the scale, some of them nearly nothing."""
    rng = np.random.default_rng(len(shape))
    values = rng.uniform(-0.1, 1.3, shape)
    ends = np.array([-0.0, 0.0, 1.0, 1e-41, -1e-41, 2.0**-16, 2.0**-24, 0.99999994, largest, -largest])
    return np.where(rng.random(shape) < 0.1, rng.choice(ends, shape), values).astype(np.float32)


def cases():
    """(name, picture, stages): the camera's photo, each stage of it alone, every knob at its ends, and odd pictures."""
    scene = {order: simulate("chart", "imx219", 640, 480, lux=20.0, bayer=order)[0] for order in BAYER_ORDERS}
    for order, frame in scene.items():
        yield f"photo {order}", crop(frame, 150, 200), planned(frame)
    frame = scene["GRBG"]
    facts = dict(colour_gains=(1.5, 2.5), field_of_view=(0.1, 0.05, 0.7, 0.9), hflip=True, vflip=True)
    frame = RawFrame(frame.pixels, dataclasses.replace(frame.shot, **facts))
    stages = planned(frame)
    for height, width in SIZES:
        hostile = RawFrame(hostile_counts((height, width), height), frame.shot)
        yield f"counts {width} x {height}", hostile, stages
    speck = dataclasses.replace(frame.shot, field_of_view=(0.5, 0.5, 1e-300, 1e-300))
    yield "a speck of the pixel array", RawFrame(frame.pixels[:10, :30], speck), stages
    picture = merged(crop(frame, 150, 200))
    yield "photo of a merged frame", picture, stages
    yield "a merged frame as wide as two tiles", merged(RawFrame(hostile_counts((20, 3301), 4), frame.shot)), stages
    picture = crop(frame, 67, 101)
    for stage in stages:
        yield f"{stage.table_name()} alone", picture, (stage,)
        picture = stage(picture)
        if isinstance(picture, Mosaic | LinearImage):
            after = stages[stages.index(stage) + 1]
            hostile = dataclasses.replace(picture, pixels=hostile_values(picture.pixels.shape, 1e20))
            yield f"{after.table_name()} of hostile values", hostile, (after,)
            # Sums of the largest numbers there are give infinity and NaN; a photo must not show on which processor.
            worst = dataclasses.replace(picture, pixels=hostile_values(picture.pixels.shape, 3e38))
            yield f"all from {after.table_name()} of the worst values", worst, stages[stages.index(after) :]
    yield from zoomed_cases(frame, stages)
    for name, stage in STAGES.items():
        for field, knob in knob_fields(stage):
            ends = knob.choices or ((False, True) if isinstance(field.default, bool) else (knob.low, knob.high))
            for value in ends:
                both = {"custom_red": 0.6, "custom_blue": 0.6} if field.name.startswith("custom_") else {}
                tables = {name: both | {field.name: value}}
                yield f"{name}.{field.name} = {value}", crop(frame, 20, 30), planned(frame, tables)


def zoomed_cases(frame, stages):
    """The photo of a picture with three colours a pixel, and the stages that are its own on odd values."""
    stages = tuple(at_work for stage in stages if (at_work := on_three_colours(stage)) is not None)
    # A chart has no fringes to find.
    fringed = dict(red_scale=1.004, blue_scale=0.996, axis_px=(60.0, 1500.0))
    stages = tuple(dataclasses.replace(s, **fringed) if isinstance(s, ColourFringes) else s for s in stages)
    for height, width in SIZES:
        hostile = LinearFrame(hostile_counts((height, width, 3), height), frame.shot)
        yield f"three colours {width} x {height}", hostile, stages
    plain = dataclasses.replace(stages[2], enabled=False)
    for index, stage in ((1, stages[1]), (2, stages[2]), (2, plain)):
        name = f"{stage.table_name()}{' off' if stage == plain else ''}"
        picture = LinearImage(hostile_values((67, 101, 3), 1e20), frame.shot)
        yield f"{name} of hostile values", picture, (stage,)
        picture = LinearImage(hostile_values((67, 101, 3), 3e38), frame.shot)
        yield f"all from {name} of the worst values", picture, (stage, *stages[index + 1 :])


BARE = {"sharpen": {"amount": 0.0}, "chroma_noise": {"strength": 0.0}}


def preview_cases():
    """(name, frame, recipe, layout): the camera's preview in all layouts, with and without lift, and odd pictures."""
    for order in BAYER_ORDERS:
        frame, _ = simulate("lamps", "imx219", 640, 480, bayer=order)
        frame = RawFrame(frame.pixels[:331, :507].copy(), frame.shot)
        for layout, tables in (("rgb", None), ("rgb", BARE), ("yuv420", None)):
            kind = "bare" if tables else "finished"
            yield f"preview {order} {layout} {kind}", frame, Pipeline(planned(frame, tables)), layout
    recipe = plan(photo_pipeline(), frame, load_sensor("imx219").tuning)
    for height, width in SIZES:
        hostile = RawFrame(hostile_counts((height, width), height), frame.shot)
        yield f"preview {width} x {height}", hostile, recipe, "rgb"
    for knob, value in (("exposure_ev", 4.0), ("exposure_ev", -4.0), ("contrast", 1.0)):
        tables = {"tone": {knob: value}}
        yield f"preview tone.{knob} = {value}", frame, Pipeline(planned(frame, tables)), "rgb"
    plain = Pipeline(planned(frame, {"highlights": {"enabled": False}}))
    yield "preview without highlights", frame, plain, "yuv420"


def pairs_of_frames():
    """name -> (reference, another frame): moved a little, blown, black, counts of all kinds, and odd sizes."""
    chart, lamps = (simulate(scene, "imx219", 640, 480, lux=20.0)[0] for scene in ("chart", "lamps"))
    pairs = {}
    for name, frame in (("chart", chart), ("lamps", lamps)):
        moved = RawFrame(np.roll(frame.pixels, (2, -4), (0, 1)), frame.shot)
        pairs[name] = tuple(noisier(crop(one, 150, 213), seed) for seed, one in enumerate((frame, moved)))
    shot = noisier(chart, 0).shot
    white = int(shot.white_dn)
    for name, counts in (("black", 60), ("blown", white), ("beyond white", 65535)):
        flat = RawFrame(np.full((40, 52), counts, np.uint16), shot)
        textured = RawFrame(crop(chart, 40, 52).pixels, shot)
        pairs |= {f"all {name}": (flat, flat), f"{name}, then a chart": (flat, textured)}
        pairs[f"a chart, then {name}"] = textured, flat
    for size in SIZES:
        pairs[f"{size[1]} x {size[0]}"] = tuple(RawFrame(hostile_counts(size, seed), shot) for seed in (1, 2))
    return pairs


@pytest.fixture(scope="module")
def work(tmp_path_factory):
    """The cases as the program reads them, and what this machine's own extension makes of each.

    Of each: name -> (file that the program makes, what is to be in it).
    """
    folder = tmp_path_factory.mktemp("cases")
    lines, wanted = [], {}
    for index, (name, picture, stages) in enumerate(cases()):
        picture.pixels.tofile(folder / f"{index}.in")
        recorder = Recorder()
        add_stages(recorder, picture, stages)
        height, width = picture.pixels.shape[:2]
        end = "run_eight_bit" if isinstance(stages[-1], EightBit) else END[stages[-1].makes]
        lines += [f"{BEGIN[type(picture)]} {height} {width} {folder / f'{index}.in'}", *recorder.lines]
        lines += [f"{end} {THREADS} {index}.out"]
        wanted[name] = run_stages(picture, stages).pixels
    for index, (name, frame, recipe, layout) in enumerate(preview_cases(), start=len(wanted)):
        frame.pixels.tofile(folder / f"{index}.in")
        height, width = frame.pixels.shape
        red = " ".join(map(str, divmod(frame.shot.bayer.index("R"), 2)))
        recorder = Recorder()
        tell(recorder, preview_numbers(frame.shot, recipe))
        lines += [f"preview {red} {height} {width} {folder / f'{index}.in'}", *recorder.lines]
        bare = recipe.stage(Sharpen).amount == 0
        run = "run_yuv420" if layout == "yuv420" else "run_bare" if bare else "run_rgb"
        lines += [f"{run} {THREADS} {index}.out"]
        wanted[name] = preview(frame, recipe, layout=layout)
    wanted = {name: (f"{index}.out", pixels) for index, (name, pixels) in enumerate(wanted.items())}
    calls = burst_calls(pairs_of_frames(), folder, THREADS)
    blurred = bokeh_calls(folder, THREADS)
    resized = resample_calls(folder, THREADS)
    zoomed = zoom_calls(pairs_of_frames().popitem()[1][0], folder, THREADS)
    others = calls, blurred, resized, zoomed
    for other in others:
        lines += other.lines
        wanted |= other.wanted
    return "\n".join(lines), wanted


def build(processor, folder):
    """Build the program for a processor. Returns the command that runs it."""
    options = ["-DNIGHTJAR_NATIVE=OFF", f"-DCMAKE_CXX_FLAGS={processor.flags}"]
    run = [str(folder / "replay")]
    if processor.emulated:
        compiler = tool("aarch64-linux-gnu-g++")
        options += ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", f"-DCMAKE_CXX_COMPILER={compiler}"]
        if platform.machine() != "aarch64":
            run = [tool("qemu-aarch64"), "-cpu", processor.emulated, "-L", "/usr/aarch64-linux-gnu", *run]
    else:
        tool("g++")
    for command in (["-S", str(SOURCES), "-B", str(folder), *options], ["--build", str(folder), "--parallel", "4"]):
        made = subprocess.run([tool("cmake"), *command], capture_output=True, text=True, timeout=200, check=False)
        assert made.returncode == 0, made.stdout + made.stderr
    return run


@pytest.mark.parametrize("name", PROCESSORS)
def test_every_processor_makes_the_same_bytes(name, work, tmp_path):
    told, wanted = work
    run = build(PROCESSORS[name], tmp_path)
    done = subprocess.run(run, input=told, cwd=tmp_path, capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr
    different = {}
    for case, (file, pixels) in wanted.items():
        made = np.fromfile(tmp_path / file, pixels.dtype).reshape(pixels.shape)
        if made.tobytes() != pixels.tobytes():
            different[case] = f"{np.count_nonzero(made != pixels)} of {pixels.size} values"
    assert not different
