"""The same work done by different software on one raw frame."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from firmware.files.dng import encode_dng
from firmware.sensors import load_sensor
from isp.colour import Colour
from isp.demosaic import Demosaic
from isp.develop import run_stages
from isp.eight_bit import EightBit
from isp.frames import RawFrame, Shot
from isp.levels import Levels
from isp.photo import photo_pipeline
from isp.pipeline import Pipeline
from isp.plan import plan
from isp.preview import preview
from isp.preview_numbers import preview_numbers
from isp.shading import Shading
from isp.tone import Tone
from isp.white_balance import WhiteBalance

HEIGHT, WIDTH = 3040, 4056
PIXELS = HEIGHT * WIDTH
BLACK, WHITE = 256, 4095
DAYLIGHT_K = 5500.0
COPIED_BYTES = 128 << 20
# What every peer does too.
BARE = (Levels, WhiteBalance, Demosaic, Shading, Colour, Tone, EightBit)


class Work:
    """One noisy frame of an IMX477, the recipe for it, and everything the peers may prepare beforehand."""

    def __init__(self, dng: Path) -> None:
        sensor = load_sensor("imx477")
        rng = np.random.default_rng(1)
        y, x = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
        light = (np.sin(x / 37) * np.cos(y / 23) * 0.3 + 0.4) * 3500
        # Greys in daylight: equal counts in all colours would be a saturated magenta.
        red, blue = sensor.tuning.grey_at(DAYLIGHT_K)
        light[::2, ::2] *= red
        light[1::2, 1::2] *= blue
        counts = np.clip(BLACK + light + rng.normal(0, 20, light.shape), 0, WHITE).astype(np.uint16)
        shot = Shot(
            sensor="imx477",
            bayer="RGGB",
            black_dn=(BLACK,) * 4,
            white_dn=WHITE,
            timestamp_ns=0,
            wall_time_ns=0,
            exposure_us=10000.0,
            analogue_gain=1.0,
            noise=sensor.noise_at(1.0, sensor.modes[0]),
        )
        self.tuning = sensor.tuning
        self.frame = RawFrame(counts, shot)
        self.dng = dng
        dng.write_bytes(b"".join(bytes(part) for part in encode_dng(self.frame, self.tuning)))
        self.recipe = plan(photo_pipeline(), self.frame, self.tuning)
        fast = plan(photo_pipeline({"demosaic": {"quality": "fast"}}), self.frame, self.tuning)
        self.bare_stages = tuple(stage for stage in fast.stages if isinstance(stage, BARE))
        self.bare_recipe = Pipeline(self.bare_stages)
        # A preview is shown again and again: it writes where the last one was.
        self.preview_rgb = np.zeros((HEIGHT, WIDTH, 3), dtype=np.uint8)
        self.preview_yuv = np.zeros(PIXELS * 3 // 2, dtype=np.uint8)
        self.copy_from, self.copy_to = np.ones((2, COPIED_BYTES), dtype=np.uint8)
        self._prepare_opencv()

    def bare(self, threads: int) -> np.ndarray:
        """Levels, shading, white balance, Malvar, matrix, tone, 8 bits."""
        return run_stages(self.frame, self.bare_stages, threads).pixels

    def photo(self, threads: int) -> np.ndarray:
        """All stages."""
        return run_stages(self.frame, self.recipe.stages, threads).pixels

    def bare_preview(self, threads: int) -> np.ndarray:
        """The bare work in 16-bit whole numbers."""
        return preview(self.frame, self.bare_recipe, out=self.preview_rgb, threads=threads)

    def preview(self, threads: int, layout: str = "rgb") -> np.ndarray:
        """With chroma noise filter and sharpening."""
        out = self.preview_rgb if layout == "rgb" else self.preview_yuv
        return preview(self.frame, self.recipe, layout=layout, out=out, threads=threads)

    def plan(self) -> None:
        """Statistics, white balance and every stage's facts."""
        plan(photo_pipeline(), self.frame, self.tuning)

    def _prepare_opencv(self) -> None:
        import cv2

        cv2.setNumThreads(1)
        self.opencv_buffers = [None] * 5
        stages = {type(stage).__name__: stage for stage in self.recipe.stages}
        shading = np.asarray(stages["Shading"].gains, dtype=np.float32)
        balance = np.asarray(stages["WhiteBalance"].gains, dtype=np.float32)
        scale = 65535.0 / (WHITE - BLACK)
        self.gain_map = np.empty((HEIGHT, WIDTH), dtype=np.float32)
        for position, colour in enumerate((0, 1, 1, 2)):
            plane = cv2.resize(shading[colour], (WIDTH, HEIGHT), interpolation=cv2.INTER_LINEAR)
            row, column = divmod(position, 2)
            self.gain_map[row::2, column::2] = plane[row::2, column::2] * balance[colour] * scale
        self.matrix = stages["Colour"].complete_matrix().astype(np.float32)
        tone = stages["Tone"].curve(np.arange(65536) / 65535.0)
        self.tone_table = np.round(255 * tone).astype(np.uint8)
        limits = preview_numbers(self.frame.shot, self.recipe).finish
        self.opencv_alike = limits.chroma_start / 64 / 2
        steps = np.arange(256) - 128.0
        cored = np.sign(steps) * np.maximum(np.abs(steps) - limits.detail_start / 64, 0)
        self.opencv_coring = np.clip(np.round(128 + limits.amount / 8192 * cored), 0, 255).astype(np.uint8)

    def opencv(self, demosaic: str, sixteen_bit_table: bool = False, reuse: bool = False) -> np.ndarray:
        """The bare work as an OpenCV chain of 16-bit pictures; the gain map is made beforehand.

        sixteen_bit_table  tone through cv2.LUT, which older OpenCV has for 8 bits only (Raspberry Pi OS: 4.6 to 4.10)
        reuse              every intermediate goes into a buffer of the last run, as a tuned program would have it
        """
        import cv2

        buffers = self.opencv_buffers if reuse else [None] * 5
        code = {"bilinear": cv2.COLOR_BayerBG2RGB, "edge aware": cv2.COLOR_BayerBG2RGB_EA}[demosaic]
        linear = cv2.subtract(self.frame.pixels, float(BLACK), dst=buffers[0], dtype=cv2.CV_32F)
        balanced = cv2.multiply(linear, self.gain_map, dst=buffers[1], dtype=cv2.CV_16U)  # saturates at white, as ours
        colours = cv2.cvtColor(balanced, code, dst=buffers[2])
        matched = cv2.transform(colours, self.matrix, dst=buffers[3])
        if sixteen_bit_table:
            shown = cv2.LUT(matched, self.tone_table, dst=buffers[4])
        else:
            shown = self.tone_table.take(matched, out=buffers[4], mode="clip")
        self.opencv_buffers = [linear, balanced, colours, matched, shown]
        return shown

    def opencv_preview(self, layout: str) -> np.ndarray:
        """The preview's steps as an OpenCV chain, its fastest form of the bare work first.

        Colour is filtered at half the resolution by a bilateral filter of five pixels; detail of luma is cored and
        amplified by one 8-bit table. Range is studio swing, since OpenCV has no other fast conversion to planes.
        """
        import cv2

        shown = self.opencv("edge aware", True, reuse=True)
        planes = cv2.cvtColor(shown, cv2.COLOR_RGB2YUV_I420)
        luma, chroma = planes[:HEIGHT], planes[HEIGHT:].reshape(2, HEIGHT // 2, WIDTH // 2)
        for plane in chroma:
            plane[:] = cv2.bilateralFilter(plane, 5, self.opencv_alike, 2.0)
        blurred = cv2.GaussianBlur(luma, (5, 5), 1.0)
        detail = cv2.LUT(cv2.addWeighted(luma, 1.0, blurred, -1.0, 128.0), self.opencv_coring)
        cv2.addWeighted(luma, 1.0, detail, 1.0, -128.0, dst=luma)
        return planes if layout == "yuv420" else cv2.cvtColor(planes, cv2.COLOR_YUV2RGB_I420)

    def rawpy(self, algorithm: str) -> np.ndarray:
        """LibRaw's whole development of the DNG file."""
        import rawpy

        with rawpy.imread(str(self.dng)) as raw:
            return raw.postprocess(
                demosaic_algorithm=rawpy.DemosaicAlgorithm[algorithm], use_camera_wb=True, no_auto_bright=True
            )

    def copy(self) -> np.ndarray:
        """Read and write as many bytes as the bare pass: 2 in and 3 out for each pixel."""
        source = np.empty(PIXELS * 5 // 2, dtype=np.uint8)
        return source.copy()

    def plain_copy(self) -> None:
        """128 MiB from one place to another, both in memory: the speed that nothing exceeds."""
        np.copyto(self.copy_to, self.copy_from)
