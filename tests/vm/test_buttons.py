"""The unmodified daemon under systemd, gpiozero on lgpio, and real edges of the kernel's simulated pins.

Truth is the kernel's: a press came between two readings of the monotonic clock around it, and the interrupt that told
of it was traced with that clock. The sidecar must say the same.
"""

from __future__ import annotations

import itertools
import threading

import pytest
from machines.board import MODE, SHUTTER
from machines.guest_camera import SIMULATED

pytestmark = pytest.mark.vm

# A frame a second, so that which one is nearest can be told beforehand.
SETTINGS = SIMULATED.format(frames_per_second=1.0) + "[buttons]\nlong_press_s = 1.5\n"
INTERVAL_NS = 1_000_000_000
DEBOUNCE_MS = 15.0
HELD_MS = 200
# Nothing but the kernel is between an interrupt and the stamp of its edge; a program's own clock would be later.
KERNEL_NS = 1_000_000
TRIES = 5


@pytest.fixture(scope="module")
def running(camera):
    """The daemon, ready."""
    camera.start(SETTINGS)
    camera.until_idle()
    return camera


def press(running, board, *milliseconds, **when):
    """Move the shutter's contact; the edges, and the photos that came of it."""
    before = {photo.name for photo in running.photos()}
    edges = board.move(SHUTTER, *milliseconds, **when)
    running.until_idle()
    return edges, [photo for photo in running.photos() if photo.name not in before]


@pytest.fixture(scope="module")
def presses(running, board):
    """A first photo, and presses at chosen moments between two frames after it: (edge, stamp, photo)."""
    (_, (first,)) = press(running, board, HELD_MS)
    taken = []
    for share in (0.1, 0.35, 0.65, 0.9):
        moment_ns = round(first.frame_ns + share * INTERVAL_NS)
        edges, (photo,) = press(running, board, HELD_MS, moment_ns=moment_ns, every_ns=INTERVAL_NS)
        taken.append((edges[0], board.stamps_us(SHUTTER, edges)[0][0], photo))
    assert running.status()["camera"]["stalls"] == 0, "frames come no more where they were foreseen"
    return first, taken


def test_the_press_has_the_kernels_stamp_of_its_edge(presses):
    _, taken = presses
    for edge, stamp_us, photo in taken:
        assert edge.before_ns - 1000 <= photo.pressed_ns <= edge.after_ns + 1000
        assert edge.before_ns <= 1000 * stamp_us + 999
    late_ns = [photo.pressed_ns - 1000 * stamp_us for _, stamp_us, photo in taken]
    assert -1000 <= min(late_ns) < KERNEL_NS, late_ns


def test_the_photo_is_the_frame_nearest_the_edge(presses):
    first, taken = presses

    def nearest_ns(time_ns):
        """Frames come every INTERVAL_NS, whether anybody looks or not."""
        return first.frame_ns + round((time_ns - first.frame_ns) / INTERVAL_NS) * INTERVAL_NS

    for edge, _, photo in taken:
        # One and the same, but where the edge came just between two frames.
        nearest = {nearest_ns(edge.before_ns), nearest_ns(edge.after_ns)}
        assert min(abs(photo.frame_ns - time_ns) for time_ns in nearest) < 1e6, (edge, photo)


@pytest.mark.parametrize("burst_ms", [1, 2, 5, 10, 20])
def test_a_bouncing_contact_takes_one_photo_at_the_first_edge_told(running, board, burst_ms):
    # An odd number of changes, all within the burst, going down and again going up.
    chatter = [burst_ms / 8] * 8
    for _ in range(TRIES):
        edges, photos = press(running, board, *chatter, HELD_MS, *chatter)
        moments_ms = [edge.before_ns / 1e6 for edge in edges]
        steps_ms = [after - before for before, after in itertools.pairwise(moments_ms)]
        if max(steps_ms[:8] + steps_ms[9:]) < DEBOUNCE_MS:
            break
    else:
        pytest.skip("the emulation is too slow on this machine to let a contact bounce")
    assert len(photos) == 1
    began_us, read_us = board.stamps_us(SHUTTER, edges)[0]
    assert began_us - 1 <= photos[0].pressed_ns / 1000 <= read_us + 1


def test_chatter_that_never_lasts_takes_no_photo(running, board):
    for _ in range(TRIES):
        edges, photos = press(running, board, *[2.0] * 7)
        if edges[-1].after_ns - edges[0].before_ns < 20e6:
            break
    else:
        pytest.skip("the emulation is too slow on this machine to let a contact chatter")
    assert photos == []


def test_a_short_press_on_the_mode_button_goes_to_the_next_mode(running, board):
    modes, before = running.status()["modes"], running.status()["mode"]
    board.move(MODE, HELD_MS)
    following = modes[(modes.index(before) + 1) % len(modes)]
    running.until(lambda now: now["mode"] == following)
    running.machine.run(f"nightjar config set darkroom.mode {before} || true")


def test_a_long_press_is_refused_in_words_where_it_may_not_switch_off(running, board):
    before = running.status()["mode"]
    board.move(MODE, 2500)
    status = running.until(lambda now: any("power_off" in text for text in now["warnings"]))
    assert status["mode"] == before
    assert "Long press: switching off is not allowed" in running.machine.journal()


def test_the_light_blinks_while_a_photo_is_made_and_then_stays_on(running, board):
    running.until_idle()
    assert [level for level, _ in board.light(1.0)] == [1]
    seen = []
    watching = threading.Thread(target=lambda: seen.extend(board.light(6.0)))
    watching.start()
    edges, photos = press(running, board, HELD_MS)
    watching.join()
    assert len(photos) == 1
    dark = [time_ns for level, time_ns in seen if level == 0]
    assert len(dark) >= 2
    assert dark[0] > edges[0].before_ns
    assert [level for level, _ in board.light(1.0)] == [1]
