"""Buttons: one push is one photo, whatever the contact does; and the same through gpiozero's own mock pins."""

import queue
import threading
import time

import pytest
from gpiozero.pins.mock import MockConnectedPin
from hypothesis import given, settings
from hypothesis import strategies as st

from firmware.body.buttons import ButtonEvent, Buttons
from firmware.body.debounce import Contact, Step
from firmware.body.pins import open_factory
from firmware.body.status_light import PATTERNS, StatusLight
from firmware.errors import PinError
from firmware.service.heartbeat import Heartbeats
from firmware.settings import ButtonSettings

MS = 1_000_000
DEBOUNCE = 15 * MS
LONG = 3000 * MS


def play(edges, until_ns, contact=None, tick_delay_ns=0):
    """Feed (time, is_closed) edges and let time pass as the thread would; deadlines are served late by `tick_delay`."""
    contact = contact or Contact(DEBOUNCE, LONG)
    steps = []
    for time_ns, is_closed in [*edges, (until_ns, None)]:
        while (deadline := contact.deadline_ns) is not None and deadline + tick_delay_ns < time_ns:
            steps += contact.settle(deadline + tick_delay_ns)
        if is_closed is not None:
            steps += contact.edge(is_closed, time_ns)
    return steps


def kinds(steps):
    return [step for step, _ in steps]


def bounce(start_ns, gaps_ns, ends_closed):
    """A train of edges that starts by moving to the new level and ends there."""
    times = [start_ns]
    for gap in gaps_ns[: len(gaps_ns) // 2 * 2]:
        times.append(times[-1] + gap)
    return [(moment, ends_closed if place % 2 == 0 else not ends_closed) for place, moment in enumerate(times)]


@st.composite
def bouncing_pushes(draw):
    """Pushes of 30 ms to 6 s; each edge of the finger is a bounce train of 1 to 20 ms."""
    edges, pushes, now = [], [], draw(st.integers(1, 1000)) * MS
    for _ in range(draw(st.integers(1, 4))):
        held_ms = draw(st.one_of(st.integers(30, 300), st.integers(2500, 6000)))
        for ends_closed, then_ms in ((True, held_ms), (False, draw(st.integers(40, 2000)))):
            length = draw(st.integers(1 * MS, 20 * MS))
            cuts = sorted(draw(st.lists(st.integers(1, length - 1), max_size=12, unique=True)))
            gaps = [later - earlier for earlier, later in zip([0, *cuts], [*cuts, length], strict=True)]
            train = bounce(now, gaps, ends_closed)
            edges += train
            pushes.append((ends_closed, now, train[-1][0]))
            now = train[-1][0] + then_ms * MS
    return edges, pushes, now + 1000 * MS


@settings(max_examples=300, deadline=None)
@given(bouncing_pushes(), st.sampled_from([0, 1 * MS, 9 * MS, 100 * MS]))
def test_a_bouncing_push_is_one_press_with_the_time_of_its_first_edge(pushes, tick_delay_ns):
    edges, moves, until_ns = pushes
    steps = play(edges, until_ns, tick_delay_ns=tick_delay_ns)
    trains = [(start, settled) for is_down, start, settled in moves if is_down]
    presses = [moment for step, moment in steps if step is Step.DOWN]
    assert len(presses) == len(trains)
    for moment, (start, settled) in zip(presses, trains, strict=True):
        opened = [time_ns for time_ns, is_closed in edges if start < time_ns < settled and not is_closed]
        closed = [time_ns for time_ns, is_closed in edges if start < time_ns <= settled and is_closed]
        looks_like_a_spike_before = any(
            later - earlier >= DEBOUNCE for earlier, later in zip(opened, closed, strict=True)
        )
        assert start <= moment <= settled
        assert moment == start or looks_like_a_spike_before


def told(edges, late_ns):
    """Edges as the kernel tells them: stamped at once, the level read late; of changes between the two it knows not."""
    known, read_ns = [], -1
    for time_ns, _ in edges:
        if time_ns > read_ns:
            read_ns = time_ns + late_ns
            known.append((time_ns, [is_closed for moment, is_closed in edges if moment <= read_ns][-1]))
    return known


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(1, MS), min_size=2, max_size=12), st.integers(0, 10 * MS))
def test_a_level_that_is_read_late_does_not_move_the_press(gaps_ns, late_ns):
    edges = bounce(100 * MS, gaps_ns, ends_closed=True)
    assert play(told(edges, late_ns), 1000 * MS) == [(Step.DOWN, 100 * MS)]


@settings(max_examples=300, deadline=None)
@given(bouncing_pushes(), st.sampled_from([0, 9 * MS]))
def test_each_push_is_either_short_or_long_never_both(pushes, tick_delay_ns):
    edges, moves, until_ns = pushes
    steps = [(step, moment) for step, moment in play(edges, until_ns, tick_delay_ns=tick_delay_ns)]
    ends = [(step, moment) for step, moment in steps if step is not Step.DOWN]
    assert [moment for _, moment in ends] == [moment for step, moment in steps if step is Step.DOWN]
    lets_go = iter([(first, last) for is_down, first, last in moves if not is_down])
    for (step, moment), (opened, settled) in zip(ends, lets_go, strict=True):
        if settled - moment < LONG:
            assert step is Step.TAP
        if opened - moment > LONG + 100 * MS:
            assert step is Step.HELD


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, DEBOUNCE - 1), st.integers(DEBOUNCE, 500 * MS)), min_size=1, max_size=8))
def test_spikes_shorter_than_the_debounce_time_take_no_photo(spikes):
    edges, now = [], 5 * MS
    for closed_ns, open_ns in spikes:
        edges += [(now, True), (now + closed_ns, False)]
        now += closed_ns + open_ns
    assert play(edges, now + 1000 * MS) == []


def test_a_press_is_certain_after_the_debounce_time_and_not_later():
    contact = Contact(DEBOUNCE, LONG)
    assert contact.edge(True, 100 * MS) == []
    assert contact.deadline_ns == 115 * MS
    assert contact.settle(115 * MS - 1) == []
    assert contact.settle(115 * MS) == [(Step.DOWN, 100 * MS)]


def test_without_debounce_the_first_edge_is_the_press():
    contact = Contact(0, LONG)
    assert contact.edge(True, 100 * MS) == [(Step.DOWN, 100 * MS)]


def test_an_old_spike_does_not_become_the_time_of_the_press():
    """Interference every 10 ms for a second, then a push: the photo is of the push."""
    spikes = [edge for start in range(0, 1000, 10) for edge in ((start * MS, True), (start * MS + MS, False))]
    steps = play([*spikes, (1000 * MS, True)], 1100 * MS)
    assert steps == [(Step.DOWN, 1000 * MS)]


def test_a_long_press_comes_as_soon_as_it_is_long():
    contact = Contact(DEBOUNCE, LONG)
    contact.edge(True, 0)
    contact.settle(DEBOUNCE)
    assert contact.deadline_ns == LONG
    assert contact.settle(LONG) == [(Step.HELD, 0)]
    assert kinds(play([(LONG + MS, False)], 2 * LONG, contact)) == []


def test_letting_go_while_nobody_looked_is_still_a_tap():
    """The thread slept through the whole push (a busy Pi): the two edges alone tell it."""
    contact = Contact(DEBOUNCE, LONG)
    assert contact.edge(True, 0) == []
    assert contact.edge(False, 40 * MS) == [(Step.DOWN, 0)]
    assert contact.settle(5000 * MS) == [(Step.TAP, 0)]


def test_a_button_stuck_from_the_start_does_nothing_until_it_has_opened():
    contact = Contact(DEBOUNCE, LONG, is_closed=True)
    assert contact.deadline_ns is None
    steps = play([(5000 * MS, False), (6000 * MS, True)], 6100 * MS, contact)
    assert steps == [(Step.DOWN, 6000 * MS)]


@pytest.fixture
def bench():
    """Buttons on mock pins, and the queue of their events."""
    events = queue.SimpleQueue()
    buttons = Buttons(ButtonSettings(pin_factory="mock", debounce_ms=10, long_press_s=0.5), events, Heartbeats())
    yield buttons, events
    buttons.close()


def test_a_falling_edge_on_the_shutter_pin_is_a_press_at_that_moment(bench):
    buttons, events = bench
    before_ns = time.monotonic_ns()
    buttons.drive("shutter", False)
    after_ns = time.monotonic_ns()
    event = events.get(timeout=5)
    assert (event.button, event.kind) == ("shutter", "press")
    assert before_ns - MS < event.time_ns < after_ns + MS


def test_chatter_on_the_pin_is_one_press(bench):
    buttons, events = bench
    for _ in range(20):
        buttons.drive("shutter", False)
        buttons.drive("shutter", True)
    buttons.drive("shutter", False)
    assert events.get(timeout=5).kind == "press"
    buttons.drive("shutter", True)
    buttons.drive("mode", False)  # its long press is the fence: all of the shutter's events are in before it
    assert events.get(timeout=5) == ButtonEvent("mode", "long_press", pytest.approx(time.monotonic_ns(), abs=5e9))
    assert events.empty()


def test_the_mode_button_answers_a_short_press_when_it_is_let_go(bench):
    buttons, events = bench
    buttons.drive("mode", False)
    buttons.drive("shutter", False)
    assert events.get(timeout=5).button == "shutter"  # the mode button is down as long, and has said nothing
    buttons.drive("mode", True)
    event = events.get(timeout=5)
    assert (event.button, event.kind) == ("mode", "press")


def test_buttons_that_are_closed_give_their_pins_back(bench):
    buttons, _ = bench
    buttons.close()
    buttons.close()
    with pytest.raises(PinError, match="closed"):
        buttons.drive("shutter", False)
    events = queue.SimpleQueue()
    again = Buttons(ButtonSettings(pin_factory="mock"), events, Heartbeats())
    again.drive("shutter", False)
    assert events.get(timeout=5).button == "shutter"
    again.close()
    assert not [thread for thread in threading.enumerate() if thread.name == "buttons" and thread.is_alive()]


def test_the_buttons_show_that_they_live_until_they_are_closed():
    events, heartbeats = queue.SimpleQueue(), Heartbeats()
    buttons = Buttons(ButtonSettings(pin_factory="mock"), events, heartbeats)
    buttons.drive("shutter", False)
    events.get(timeout=5)
    assert "buttons" in heartbeats.ages_s()
    buttons.close()
    assert heartbeats.ages_s() == {}


def test_only_mock_pins_can_be_moved_by_a_program(bench):
    without = Buttons(ButtonSettings(pin_factory="none"), queue.SimpleQueue(), Heartbeats())
    with pytest.raises(PinError, match="mock"):
        without.drive("shutter", False)
    without.close()
    buttons, _ = bench
    with pytest.raises(PinError, match="shutter, mode"):
        buttons.drive("zoom", False)


def test_two_buttons_on_one_pin_are_refused():
    with pytest.raises(PinError, match=r"shutter_pin = 5.*mode_pin = 5"):
        Buttons(ButtonSettings(pin_factory="mock", shutter_pin=5, mode_pin=5), queue.SimpleQueue(), Heartbeats())


def test_a_pin_in_use_is_named(bench):
    with pytest.raises(PinError, match="GPIO 17"):
        Buttons(ButtonSettings(pin_factory="mock"), queue.SimpleQueue(), Heartbeats())


def test_without_lgpio_the_message_says_how_to_get_it():
    try:
        import lgpio  # noqa: F401
    except ImportError:
        with pytest.raises(PinError, match="apt install python3-lgpio"):
            open_factory("lgpio")
    else:
        pytest.skip("lgpio is installed here")


def levels(state, steps):
    pattern = iter(PATTERNS[state].levels())
    return "".join("#" if level else "." for _, level in zip(range(steps), pattern, strict=False))


def test_the_light_patterns_look_different():
    seen = {levels(state, 40) for state in PATTERNS}
    assert len(seen) == len(PATTERNS)
    assert levels("saved", 40).endswith("#")
    assert levels("ready", 40) == "#"
    assert set(levels("busy", 40)) == {"#", "."}


def test_the_light_plays_its_pattern_on_the_pin():
    factory, seen = open_factory("mock"), queue.SimpleQueue()
    eye = factory.pin(25)
    factory.pin(24, pin_class=MockConnectedPin, input_pin=eye)

    def note(_ticks, level):
        seen.put(level)

    eye.when_changed = note
    light = StatusLight(ButtonSettings(pin_factory="mock", led_pin=24))
    light.show("busy")
    assert [bool(seen.get(timeout=5)) for _ in range(4)] == [True, False, True, False]
    light.show("off")
    light.show("ready")
    assert seen.get(timeout=5)
    light.close()
    light.close()
    assert not eye.state
    light.show("error")
    eye.when_changed = None


def test_an_unknown_state_and_no_light_raise_nothing():
    light = StatusLight(ButtonSettings(pin_factory="none"))
    light.show("ready")
    light.show("party")
    light.close()
