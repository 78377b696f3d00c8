"""What carries the engine: the template, the compiler, the local system, the command line."""
