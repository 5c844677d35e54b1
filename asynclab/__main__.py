"""`python -m asynclab`."""

from asynclab.cli import main

if __name__ == "__main__":
    main(prog_name="asynclab")
