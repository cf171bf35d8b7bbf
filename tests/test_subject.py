"""What a portrait keeps sharp, claimed with a network that knows things by their colour: it can be asked about any part
of a drawn scene, mirrored or not, and what it should find is known to the pixel."""

import numpy as np
import pytest
from measures.overlap import LABELS, SHARED, overlap_with, photograph

from accelerators.errors import DeviceError, MaskError, ModelError
from accelerators.runtime.answer import Answer
from accelerators.subject.finding import find_subject, glance
from accelerators.subject.guessing import guess_thing
from accelerators.subject.scores import class_shares
from accelerators.subject.standing_out import standing_out
from accelerators.subject.subject import NoSubject, Subject

COLOURS = {
    "person": (220, 40, 40),
    "dog": (230, 150, 40),
    "bus": (40, 40, 220),
    "bottle": (230, 230, 40),
    "motorbike": (200, 40, 200),
    "diningtable": (110, 70, 30),
}
HEIGHT, WIDTH = 300, 400
CAT = SHARED / "data" / "coral-images" / "cat_720p.jpg"


def scene(*things, ground=(90, 140, 90), shape=(HEIGHT, WIDTH)):
    """A picture of (name, top, left, bottom, right) boxes, later ones in front."""
    picture = np.full((*shape, 3), ground, np.uint8)
    for name, top, left, bottom, right in things:
        picture[top:bottom, left:right] = COLOURS[name]
    return picture


def is_of(picture, *names):
    return np.any([np.all(picture == COLOURS[name], axis=2) for name in names], axis=0)


def logits(picture, sure=6.0):
    """What a 33 x 33 network that knows colours would say of a 513 x 513 picture."""
    values = np.zeros((33, 33, len(LABELS)), np.float32)
    apart = picture[::16, ::16].astype(np.float32)
    for name, colour in COLOURS.items():
        values[..., LABELS.index(name)] = np.where(np.abs(apart - colour).max(axis=2) < 30, 2 * sure, 0)
    values[..., 0] = sure
    return values


def colour_network(picture):
    return Answer(logits(picture), "cpu", "colours", 1.0)


def find(picture, **settings):
    return find_subject(picture, colour_network, LABELS, **settings)


PERSON = ("person", 60, 140, 280, 240)


def test_a_person_is_found_where_the_person_is():
    picture = scene(PERSON)
    found = find(picture)
    assert (found.kind, found.names, found.is_guess) == ("person", ("person",), False)
    assert found.confidence > 0.8
    assert found.probability.dtype == np.float32 and 0 <= found.probability.min() <= found.probability.max() <= 1
    assert overlap_with(is_of(picture, "person"), found) > 0.9


def test_logits_and_class_map_find_the_same():
    picture = scene(PERSON)

    def winners(seen):
        large = np.kron(logits(seen).argmax(axis=2), np.ones((16, 16), int))
        return Answer(large[:513, :513].astype(np.float32), "cpu", "uncut", 1.0)

    soft, hard = find(picture), find_subject(picture, winners, LABELS, input_shape=(513, 513))
    assert (hard.kind, hard.names) == (soft.kind, soft.names)
    assert overlap_with(is_of(picture, "person"), hard) > 0.8


def test_a_small_subject_is_seen_finer_by_the_closer_look():
    picture = scene(("person", 140, 200, 190, 222))
    truth = is_of(picture, "person")
    found, once = find(picture), glance(picture, colour_network, LABELS)
    assert len(found.probability) > len(once.probability)
    assert overlap_with(truth, found) > overlap_with(truth, once) + 0.05


def test_a_closer_look_that_loses_the_subject_is_not_believed():
    picture = scene(("person", 100, 180, 180, 240))

    def lost_when_near(seen):
        share = is_of(seen, "person").mean()
        return Answer(logits(seen if share < 0.1 else np.zeros_like(seen)), "cpu", "colours", 1.0)

    assert overlap_with(is_of(picture, "person"), find_subject(picture, lost_when_near, LABELS)) > 0.6


def test_the_head_that_the_frame_cuts_is_seen_by_a_look_from_farther_off():
    picture = scene(("person", 0, 60, 300, 340))

    def unsure_at_borders(seen):
        values = logits(seen)
        values[:4, :, 0] = values[:4].max(axis=2) + 0.5
        return Answer(values, "cpu", "colours", 1.0)

    once = glance(picture, unsure_at_borders, LABELS).probability
    found = find_subject(picture, unsure_at_borders, LABELS).probability
    hat = np.s_[5, 24:41]
    assert once[hat].max() < 0.5 < found[hat].min()
    assert found[:, 0].max() < 0.5


def test_a_hat_that_is_taken_for_a_chair_as_often_stays_on():
    picture = scene(PERSON, ("diningtable", 60, 140, 120, 240))  # the table's colour is the hat's

    def half_a_chair(seen):
        values, is_hat = logits(seen), is_of(seen[::16, ::16], "diningtable")
        values[is_hat] = -10
        for name, level in (("chair", 6.0), ("person", 5.5), ("background", 4.5)):
            values[is_hat, LABELS.index(name)] = level
        return Answer(values, "cpu", "colours", 1.0)

    found = find_subject(picture, half_a_chair, LABELS)
    assert overlap_with(is_of(picture, "person", "diningtable"), found) > 0.85


def test_a_chair_beside_somebody_is_not_theirs():
    def chair_for_table(seen):
        values = logits(seen)
        values[..., [LABELS.index("chair"), LABELS.index("diningtable")]] = values[
            ..., [LABELS.index("diningtable"), LABELS.index("chair")]
        ]
        return Answer(values, "cpu", "colours", 1.0)

    picture = scene(PERSON, ("diningtable", 160, 240, 280, 330))
    assert overlap_with(is_of(picture, "person"), find_subject(picture, chair_for_table, LABELS)) > 0.9


def test_several_people_all_stay_sharp():
    picture = scene(("person", 60, 30, 280, 110), ("person", 80, 160, 280, 240), ("person", 150, 300, 280, 350))
    assert overlap_with(is_of(picture, "person"), find(picture)) > 0.85


def test_a_group_and_a_child_some_steps_behind_stay_sharp():
    picture = scene(("person", 60, 20, 280, 260), ("person", 170, 330, 270, 365))
    assert overlap_with(is_of(picture, "person"), find(picture)) > 0.9


def test_two_people_at_opposite_borders_both_stay_sharp():
    picture = scene(("person", 60, 0, 300, 80), ("person", 60, 320, 300, 400))
    assert overlap_with(is_of(picture, "person"), find(picture)) > 0.85


def test_a_passer_by_far_behind_does_not_stay_sharp():
    picture = scene(PERSON, ("person", 100, 340, 140, 356))
    probability = find(picture).probability
    assert probability[:, int(0.8 * probability.shape[1]) :].max() < 0.5


def test_a_foot_beyond_a_low_fence_stays_sharp():
    foot = (262, 150, 288, 176)
    picture = scene(("person", 60, 140, 250, 240), ("person", *foot))
    probability = find(picture).probability
    rows, columns = probability.shape
    assert probability[275 * rows // HEIGHT, 163 * columns // WIDTH] > 0.5


def test_equal_things_are_one_picture_and_a_distant_one_is_not_part_of_it():
    picture = scene(("bus", 100, 40, 200, 160), ("bus", 100, 220, 200, 340), ("bus", 20, 370, 40, 395))
    probability = find(picture).probability
    rows, columns = probability.shape
    near = [probability[rows // 2, columns // 4], probability[rows // 2, 7 * columns // 10]]
    assert min(near) > 0.5 > probability[: rows // 6, 9 * columns // 10 :].max()


def test_a_person_and_the_dog_both_stay_sharp():
    picture = scene(PERSON, ("dog", 210, 280, 280, 360))
    found = find(picture)
    assert found.kind == "person" and found.names == ("person", "dog")
    assert overlap_with(is_of(picture, "person", "dog"), found) > 0.85


def test_what_is_ridden_stays_with_the_rider():
    picture = scene(("motorbike", 160, 100, 280, 300), ("person", 60, 160, 200, 240))
    found = find(picture)
    assert found.kind == "person"
    assert overlap_with(is_of(picture, "person", "motorbike"), found) > 0.85


def test_a_bus_behind_somebody_is_blurred_and_one_beside_them_is_not():
    behind = scene(("bus", 40, 20, 180, 380), PERSON)
    beside = scene(("bus", 100, 230, 280, 390), PERSON)
    assert overlap_with(is_of(behind, "person"), find(behind)) > 0.6
    assert overlap_with(is_of(beside, "person", "bus"), find(beside)) > 0.85


def test_a_thing_in_the_middle_is_a_subject_unless_none_is_wanted():
    picture = scene(("bus", 90, 100, 220, 300))
    found = find(picture)
    assert (found.kind, found.names, found.is_guess) == ("object", ("bus",), False)
    assert isinstance(find(picture, objects=False), NoSubject)


def test_a_speck_of_a_thing_does_not_hide_what_the_picture_is_of():
    picture = scene(("bottle", 20, 20, 32, 33))
    picture[90:220, 130:280] = 250
    found = find(picture)
    assert isinstance(found, Subject) and found.is_guess
    assert overlap_with(np.all(picture == 250, axis=2), found) > 0.8


def test_furniture_is_no_subject():
    picture = scene(("diningtable", 150, 0, 300, 400))
    assert "furniture" in find(picture).reason


def test_who_fills_the_picture_leaves_nothing_to_blur():
    found = find(scene(("person", 0, 0, HEIGHT, WIDTH)))
    assert "nothing behind it is left to blur" in found.reason


def test_somebody_far_away_is_too_small():
    assert "too small" in find(scene(("person", 140, 200, 152, 213))).reason


def test_what_the_network_sees_only_one_way_round_is_not_believed():
    picture = scene(("person", 60, 20, 280, 120))

    def one_eyed(seen):
        values = logits(seen)
        values[:, 16:] = logits(np.zeros_like(seen))[:, 16:]
        return Answer(values, "cpu", "one-eyed", 1.0)

    found = find_subject(picture, one_eyed, LABELS, objects=False)
    assert "% sure of the person" in found.reason and "50 % is asked" in found.reason


def test_half_a_statue_is_not_believed():
    """The head is surely somebody's, four fifths of the rest only perhaps: blurred, it would be cut in two."""
    picture = scene(("bottle", 60, 100, 290, 300), ("person", 60, 150, 140, 250))

    def half_sure(seen):
        values, is_rest = logits(seen), is_of(seen[::16, ::16], "bottle")
        values[is_rest] = -10
        values[is_rest, 0], values[is_rest, LABELS.index("person")] = 6.0, 5.5
        return Answer(values, "cpu", "colours", 1.0)

    assert "% sure of the person" in find_subject(picture, half_sure, LABELS, objects=False).reason


def test_the_gate_is_the_callers():
    picture = scene(PERSON)
    assert isinstance(find(picture, least_confidence=0.0), Subject)
    assert isinstance(find(picture, least_confidence=1.0, objects=False), NoSubject)


def test_a_device_that_fails_is_told_to_the_caller():
    def unplugged(seen):
        raise DeviceError("The Edge TPU was unplugged.")

    with pytest.raises(DeviceError, match="unplugged"):
        find_subject(scene(PERSON), unplugged, LABELS)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        (np.zeros((33, 33, 5), np.float32), "labels belong together"),
        (np.full((33, 33, 21), np.nan, np.float32), "not finite"),
        (np.full((513, 513), 255.0, np.float32), "below 21"),
        (np.zeros((7, 7), np.float32), "understood are"),
        (np.zeros(21, np.float32), "understood are"),
        (np.zeros((0, 0, 21), np.float32), "understood are"),
    ],
)
def test_an_answer_that_cannot_be_read_is_refused(values, said):
    with pytest.raises(ModelError, match=said):
        class_shares(values, 21)


@pytest.mark.parametrize("labels", [(), ("background",), ("person", "dog")])
def test_labels_without_background_or_anything_else_are_refused(labels):
    with pytest.raises(ModelError, match="'background'"):
        find_subject(scene(PERSON), colour_network, labels)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((20, 20), np.uint8),
        np.zeros((20, 20, 4), np.uint8),
        np.zeros((20, 20, 3), np.float32),
        np.zeros((0, 20, 3), np.uint8),
        None,
    ],
)
def test_what_is_no_picture_is_refused(picture):
    with pytest.raises(MaskError, match="picture"):
        find_subject(picture)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (2, 2), (7, 2000)])
@pytest.mark.parametrize("segment", [colour_network, None])
def test_the_thinnest_pictures_have_an_answer(shape, segment):
    picture = np.random.default_rng(3).integers(0, 255, (*shape, 3), np.uint8)
    assert isinstance(find_subject(picture, segment, LABELS), Subject | NoSubject)


def test_shares_of_all_classes_make_one():
    shares = class_shares(logits(np.full((513, 513, 3), COLOURS["dog"], np.uint8)), len(LABELS))
    np.testing.assert_allclose(shares.sum(axis=2), 1, atol=1e-5)
    assert (shares.argmax(axis=2) == LABELS.index("dog")).all()


# Without a network


def disc(radius_px, centre=(150, 200), colour=(200, 60, 40)):
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    picture = np.full((HEIGHT, WIDTH, 3), (90, 140, 90), np.float32)
    picture += np.random.default_rng(1).normal(0, 4, picture.shape)
    inside = np.hypot(y - centre[0], x - centre[1]) < radius_px
    picture[inside] = np.array(colour) + np.random.default_rng(2).normal(0, 8, (np.count_nonzero(inside), 3))
    return picture.clip(0, 255).astype(np.uint8), inside


def test_what_differs_from_all_borders_stands_out():
    picture, inside = disc(70)
    outstanding = standing_out(picture)
    middle = inside[np.ix_(np.linspace(0, HEIGHT - 1, 24).astype(int), np.linspace(0, WIDTH - 1, 24).astype(int))]
    assert outstanding[middle].mean() > outstanding[~middle].mean() + 0.5


def test_one_thing_in_the_middle_is_guessed_and_says_so():
    picture, inside = disc(70)
    found = find_subject(picture)
    assert (found.kind, found.names, found.is_guess) == ("object", ("centre",), True)
    assert overlap_with(inside, found) > 0.9


def test_a_guess_is_the_same_each_time():
    picture = disc(70)[0][::2, ::2]
    assert np.array_equal(find_subject(picture).probability, find_subject(picture).probability)


def test_no_thing_is_guessed_where_none_is_wanted():
    assert "people and animals" in find_subject(disc(70)[0], objects=False).reason


@pytest.mark.parametrize("place", [{"radius_px": 18}, {"radius_px": 120, "centre": (60, 200)}])
def test_a_speck_and_what_leaves_the_top_are_no_subjects(place):
    assert isinstance(find_subject(disc(**place)[0]), NoSubject)


def zone_plate():
    y, x = np.mgrid[-1:1:240j, -1:1:240j]
    return 127 + 120 * np.cos(120 * (y**2 + x**2))


def dark_room():
    return np.random.default_rng(5).normal(6, 3, (240, 320))


def night_street():
    street = np.random.default_rng(6).normal(12, 3, (240, 320))
    street[160:] += 15
    for y, x in np.random.default_rng(7).integers((20, 10), (150, 310), (14, 2)):
        street[y - 4 : y + 4, x - 3 : x + 3] = 250
    return street


def hills_below_a_sky():
    y, x = np.mgrid[:240, :320]
    near, far = 190 + 10 * np.sin(x / 40), 120 + 25 * np.sin(x / 60 + 1)
    grain = np.random.default_rng(8).normal(0, 12, y.shape)
    return np.where(y > near, 60 + grain, np.where(y > far, 110 + grain / 2, 210.0))


def colour_chart():
    tiles = np.random.default_rng(9).integers(30, 220, (4, 6, 3))
    chart = np.full((240, 360, 3), 25.0)
    for row, column in np.ndindex(4, 6):
        chart[8 + 60 * row : 52 + 60 * row, 8 + 60 * column : 52 + 60 * column] = tiles[row, column]
    return chart


def noise():
    return np.random.default_rng(10).integers(0, 255, (240, 320, 3))


def ramp():
    return np.tile(np.linspace(0, 255, 320), (240, 1))


@pytest.mark.parametrize(
    "drawn",
    [zone_plate, dark_room, night_street, hills_below_a_sky, colour_chart, noise, ramp],
    ids=lambda d: d.__name__,
)
def test_what_is_of_nothing_gives_no_portrait(drawn):
    plane = np.clip(drawn(), 0, 255).astype(np.uint8)
    found = find_subject(plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=2))
    assert isinstance(found, NoSubject), found.to_dict()
    assert found.reason.startswith("Without a network no face was found.") and found.reason.endswith(".")


@pytest.mark.parametrize("name", ["page", "coins", "brick", "moon"])
def test_patterns_and_print_of_the_bundled_photographs_give_no_portrait(name):
    data = pytest.importorskip("skimage.data", reason="its photographs come with scikit-image")
    plane = getattr(data, name)()[::2, ::2]
    photo = plane if plane.ndim == 3 else np.repeat(plane[..., None], 3, axis=2)
    assert isinstance(find_subject(photo), NoSubject)


def test_face_and_cup_of_the_bundled_photographs_are_guessed():
    data = pytest.importorskip("skimage.data", reason="its photographs come with scikit-image")
    astronaut, cup = find_subject(data.astronaut()), find_subject(data.coffee())
    assert (astronaut.kind, astronaut.names, astronaut.is_guess) == ("person", ("face",), True)
    face, flag = astronaut.probability[20:40, 60:78], astronaut.probability[:30, :20]
    assert face.mean() > 0.9 > 0.2 > flag.mean()
    assert (cup.kind, cup.is_guess) == ("object", True)
    rows, columns = cup.probability.shape
    assert cup.probability[rows // 4, columns // 2] > 0.9, "the coffee"


def test_cup_and_saucer_stay_sharp_together_in_pale_light():
    """Where the saucer's red is nearly the table's, the white of the cup stands out alone."""
    data = pytest.importorskip("skimage.data", reason="its photographs come with scikit-image")
    cup = data.coffee().astype(np.float32)
    pale = (0.6 * cup + 0.4 * cup.mean(axis=2, keepdims=True)).astype(np.uint8)
    found = find_subject(pale).probability
    rows, columns = found.shape
    assert found[rows // 4, columns // 2] > 0.9, "the coffee"
    assert found[rows // 2, columns // 5] > 0.9, "the saucer's rim"
    assert found[rows // 2, columns // 16] < 0.1, "the table"


def test_a_grey_photograph_of_a_face_is_guessed_as_well():
    data = pytest.importorskip("skimage.data", reason="its photographs come with scikit-image")
    grey = np.repeat(data.astronaut().mean(axis=2, keepdims=True).astype(np.uint8), 3, axis=2)
    assert find_subject(grey).kind == "person"


def test_the_face_of_a_cat_is_guessed_to_be_an_animals():
    if not CAT.is_file():
        pytest.skip(f"{CAT} is not there; name the shared folder in NIGHTJAR_SHARED")
    found = find_subject(photograph(CAT))
    assert (found.kind, found.names, found.is_guess) == ("animal", ("face",), True)
    assert found.probability[:, 130:].mean() < 0.1 and found.probability[30:60, 80:100].mean() > 0.9, (
        "cat, and room beside it"
    )


def test_a_thing_guessed_after_the_network_says_what_the_network_said():
    found = guess_thing(np.full((80, 80, 3), 90, np.uint8), "The network saw nothing.", 0.5)
    assert found.reason.startswith("The network saw nothing. ")
