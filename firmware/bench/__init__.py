"""`nightjar bench`: what this very machine makes of known scenes, and in what time."""
