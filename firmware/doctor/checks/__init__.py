"""One file for each part of the camera that `nightjar doctor` looks at."""
