"""Who may talk to the daemon: root, the daemon's own user, and the members of one group. The kernel says who asks."""

from __future__ import annotations

import grp
import os
import pwd
import socket
import struct
from dataclasses import dataclass


@dataclass(frozen=True)
class Peer:
    """The process at the other end when it connected (SO_PEERCRED)."""

    pid: int
    uid: int
    gid: int

    @property
    def user(self) -> str:
        """The user's name, or the bare number where it has none."""
        try:
            return pwd.getpwuid(self.uid).pw_name
        except KeyError:
            return str(self.uid)


def peer_of(connection: socket.socket) -> Peer:
    """Ask the kernel who connected."""
    size = struct.calcsize("3i")
    return Peer(*struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, size)))


def may_connect(peer: Peer, group: str) -> bool:
    """True for root, our own user, and members of `group`, be it their primary or a supplementary one."""
    if peer.uid in (0, os.geteuid()):
        return True
    allowed_gid = group_id(group)
    return allowed_gid is not None and allowed_gid in _groups_of(peer)


def group_id(group: str) -> int | None:
    """The group's number, or None when this machine has no such group."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def _groups_of(peer: Peer) -> list[int]:
    try:
        name = pwd.getpwuid(peer.uid).pw_name
    except KeyError:
        return [peer.gid]
    return os.getgrouplist(name, peer.gid)
