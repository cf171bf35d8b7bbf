"""Is this user allowed to use the hardware, and to talk to the camera?"""

from __future__ import annotations

from collections.abc import Iterator

from firmware.doctor.examination import DAEMON, OK, PROBLEM, WARNING, Finding, Machine

AREA = "permissions"
GROUPS = {"video": "the camera", "gpio": "the buttons", "plugdev": "the Edge TPU"}


def check_permissions(machine: Machine) -> Iterator[Finding]:
    """The groups of the daemon's own user where it is installed, else of whoever asks, who then runs the camera."""
    users, groups = machine.users(), _groups(machine)
    asking = next((name for name, uid in users.items() if uid == machine.uid), f"number {machine.uid}")
    control = machine.settings.control.group
    if machine.uid == 0:
        yield Finding(AREA, OK, "root may use everything")
    else:
        if control in groups and asking not in groups[control]:
            mend = f"sudo usermod -aG {control} {asking}, then log in again"
            yield Finding(
                AREA, WARNING, f"user {asking} is not in group {control} and may not talk to the camera", mend
            )
        # The service opens the hardware, and who only asks it needs none of these groups.
        if DAEMON not in users:
            yield from _missing(asking, groups, WARNING)
    if DAEMON in users and asking != DAEMON:
        yield from _missing(DAEMON, groups, PROBLEM)


def _missing(user: str, groups: dict[str, set[str]], state: str) -> Iterator[Finding]:
    lacking = {name: use for name, use in GROUPS.items() if user not in groups.get(name, set())}
    for name, use in lacking.items():
        make = "" if name in groups else f"sudo groupadd --system {name} && "
        mend = f"{make}sudo usermod -aG {name} {user}, then log in again"
        yield Finding(AREA, state, f"user {user} is not in group {name}, which owns {use}", mend)
    if not lacking:
        yield Finding(AREA, OK, f"user {user} is in the groups {', '.join(GROUPS)}")


def _groups(machine: Machine) -> dict[str, set[str]]:
    lines = (line.split(":") for line in machine.text("/etc/group").splitlines())
    return {parts[0]: set(parts[3].split(",")) for parts in lines if len(parts) > 3}
