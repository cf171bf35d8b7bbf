"""How right the camera's judgements are, on pictures whose truth is known."""
