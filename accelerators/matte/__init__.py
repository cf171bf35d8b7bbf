"""From a coarse idea of the subject to its edge, hair included."""
