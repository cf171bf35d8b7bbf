"""Night: a press becomes a burst, planned from what moves, collected from the ring and merged while it comes."""
