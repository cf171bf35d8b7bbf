"""Switching the board off, through logind: polkit decides whether the daemon's user may. No sudo anywhere."""

from __future__ import annotations

import logging
import subprocess

logger = logging.getLogger(__name__)

LOGIND = "org.freedesktop.login1 /org/freedesktop/login1 org.freedesktop.login1.Manager"
POWER_OFF = f"busctl --system call {LOGIND} PowerOff b false"
ANSWER_LIMIT_S = 10.0


def power_off() -> bool:
    """Ask logind to switch the board off; it then stops this daemon like any other. False, and logged, if refused."""
    try:
        subprocess.run(POWER_OFF.split(), check=True, capture_output=True, text=True, timeout=ANSWER_LIMIT_S)
    except FileNotFoundError:
        logger.error("The board cannot be switched off from here: there is no busctl (part of systemd).")
    except subprocess.TimeoutExpired:
        logger.error("logind did not answer within %.0f s; the board stays on.", ANSWER_LIMIT_S)
    except subprocess.CalledProcessError as error:
        logger.error(
            "logind refused to switch off: %s. `nightjar doctor` shows the polkit rule that allows it.",
            error.stderr.strip(),
        )
    else:
        return True
    return False
