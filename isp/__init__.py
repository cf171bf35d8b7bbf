"""Pictures in, pictures out: no hardware, no files. Importing this package alone does not import numpy."""
