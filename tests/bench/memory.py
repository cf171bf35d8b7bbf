"""One develop in a fresh process, file to JPEG bytes; prints the peak memory above imports in MB."""

import sys
from pathlib import Path


def kilobytes(name: str) -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(name + ":"):
            return int(line.split()[1])
    raise OSError(f"/proc/self/status has no {name}")


def nightjar(dng: str):
    import simplejpeg  # noqa: F401  imported late by firmware.files.jpeg; counted as an import here

    from firmware.files.jpeg import encode_jpeg
    from firmware.files.raw_files import read_raw
    from firmware.sensors import load_sensor
    from isp.develop import develop
    from isp.photo import photo_pipeline

    tuning = load_sensor("imx477").tuning
    yield
    encode_jpeg(develop(read_raw(Path(dng)), photo_pipeline(), tuning), 93)


def zoomed(dng: str):
    """The same of a picture with three colours a pixel, from its linear DNG."""
    import simplejpeg  # noqa: F401  as above

    from firmware.files.jpeg import encode_jpeg
    from firmware.files.raw_files import read_frame
    from firmware.sensors import load_sensor
    from isp.photo import photo_pipeline
    from isp.zoom.developing import develop_zoomed

    tuning = load_sensor("imx477").tuning
    yield
    encode_jpeg(develop_zoomed(read_frame(Path(dng)), photo_pipeline(), tuning), 93)


def preview(dng: str):
    from firmware.files.raw_files import read_raw
    from firmware.sensors import load_sensor
    from isp.photo import photo_pipeline
    from isp.plan import plan
    from isp.preview import preview as make_preview

    tuning = load_sensor("imx477").tuning
    yield
    frame = read_raw(Path(dng))
    make_preview(frame, plan(photo_pipeline(), frame, tuning))


def opencv(dng: str):
    import cv2
    import engines
    import rawpy

    with rawpy.imread(dng) as raw:
        counts = raw.raw_image.copy()
    work = engines.Work.__new__(engines.Work)
    yield
    frame_like = type("Frame", (), {"pixels": counts})
    import numpy as np

    work.frame = frame_like
    work.gain_map = np.full(counts.shape, 17.0, dtype=np.float32)
    work.matrix = np.eye(3, dtype=np.float32)
    work.tone_table = np.arange(65536, dtype=np.uint16).astype(np.uint8)
    cv2.imencode(".jpg", work.opencv("edge aware"), [cv2.IMWRITE_JPEG_QUALITY, 93])


def rawpy(dng: str):
    import rawpy as libraw
    import simplejpeg

    yield
    with libraw.imread(dng) as raw:
        simplejpeg.encode_jpeg(raw.postprocess(use_camera_wb=True, no_auto_bright=True), 93)


if __name__ == "__main__":
    engines_by_name = {"nightjar": nightjar, "zoomed": zoomed, "preview": preview, "opencv": opencv, "rawpy": rawpy}
    engine = engines_by_name[sys.argv[1]](sys.argv[2])
    next(engine)
    imported = kilobytes("VmRSS")
    for _ in engine:
        pass
    print((kilobytes("VmHWM") - imported) / 1024)
