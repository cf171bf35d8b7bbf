"""Does the learned white balance answer, and does what was kept of it hold?"""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Iterator

from firmware.doctor.examination import OK, WARNING, Finding, Machine
from firmware.errors import WhiteBalanceError
from firmware.white_balance.kept import FILE, read_kept
from firmware.white_balance.locked import check_locks

AREA = "balance"


def check_white_balance(machine: Machine) -> Iterator[Finding]:
    """Photos are taken without either."""
    yield _judge()
    file = machine.at(machine.settings.storage.state_folder) / FILE
    if file.is_file() and not os.access(file, os.R_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(file))
    try:
        check_locks(read_kept(file))
    except WhiteBalanceError as error:
        yield Finding(AREA, WARNING, f"{file} is damaged, nothing of it holds: {error}", "nightjar wb auto")


def _judge() -> Finding:
    from firmware.white_balance.judging import FAILURES, load_learned

    try:
        load_learned()
    except FAILURES as error:
        said = f"the learned judge is not available, the classical one answers: {error}"
        return Finding(AREA, WARNING, said, f"put the packaged files back: install Nightjar again in {sys.prefix}")
    return Finding(AREA, OK, "the learned judge of white balance is whole")
