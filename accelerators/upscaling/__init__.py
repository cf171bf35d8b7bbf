"""Detail that a small network draws between the pixels of a photo, held to what the photo measured."""
