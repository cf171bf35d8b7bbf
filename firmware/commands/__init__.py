"""One file for each command of `nightjar`. Each has `add_arguments(parser)` and `run(arguments) -> exit code`."""
