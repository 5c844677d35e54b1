"""Records events, and keeps what the tracer knows of a loop's tasks, of time, and of whose code a file is."""
