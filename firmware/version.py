"""The version, in one place that imports nothing: photos carry it, and `nightjar --version` answers in a blink.

A test holds it equal to pyproject.toml.
"""

VERSION = "0.1.0"
