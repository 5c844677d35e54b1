"""Sources of programs that run elsewhere: a child process over a socket, a recording in a file."""
