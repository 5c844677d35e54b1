"""The Run screen: a program in another process, or a recording of one."""
