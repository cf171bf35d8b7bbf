"""A container's or a unit's limit of memory counts like the board's own: the kernel ends whoever goes beyond."""

from __future__ import annotations

import pytest

from firmware.memory_limit import left_in_groups


@pytest.fixture
def machine(tmp_path):
    """Makes a machine whose kernel says that this process is in these groups."""

    def made(groups):
        (tmp_path / "proc/self").mkdir(parents=True)
        (tmp_path / "proc/self/cgroup").write_text(groups)
        return tmp_path

    return made


def group(root, folder, limit, used, cached, names=("memory.max", "memory.current", "active_file", "inactive_file")):
    place = root / "sys/fs/cgroup" / folder
    place.mkdir(parents=True, exist_ok=True)
    (place / names[0]).write_text(f"{limit}\n")
    (place / names[1]).write_text(f"{used}\n")
    (place / "memory.stat").write_text(f"anon {used - cached}\n{names[2]} {cached - 10}\n{names[3]} 10\n")


def test_the_tightest_group_decides_and_what_it_holds_of_files_can_be_had_back(machine):
    root = machine("0::/system.slice/nightjar.service\n")
    group(root, "system.slice/nightjar.service", "max", 300, 50)
    assert left_in_groups(root) is None
    group(root, "system.slice", 1000, 700, 100)
    assert left_in_groups(root) == 400
    group(root, "system.slice/nightjar.service", 350, 300, 50)
    assert left_in_groups(root) == 100
    group(root, "system.slice/nightjar.service", 200, 300, 50)
    assert left_in_groups(root) == 0


def test_the_former_version_of_groups_counts_too(machine):
    root = machine("5:devices:/\n4:cpu,memory:/box\n0::/\n")
    assert left_in_groups(root) is None
    group(
        root,
        "memory/box",
        900,
        500,
        200,
        ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_active_file", "total_inactive_file"),
    )
    assert left_in_groups(root) == 600


def test_in_a_container_only_the_top_is_seen(machine):
    root = machine("0::/not/seen/from/here\n")
    group(root, "", 500, 100, 10)
    assert left_in_groups(root) == 410


def test_a_machine_without_groups_sets_no_limit(tmp_path):
    assert left_in_groups(tmp_path) is None
