"""What the picture is of: a person, an animal, a thing; or nothing that anybody could tell."""
