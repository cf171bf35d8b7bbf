"""From a burst to finished photos, away from the camera thread; and once more from files."""
