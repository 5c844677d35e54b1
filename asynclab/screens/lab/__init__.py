"""The stage, a set of panes that show one run, with the record of the run and the commands on it."""
