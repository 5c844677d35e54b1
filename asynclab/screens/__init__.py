"""The screens of the app, which arrange widgets and turn keys into commands."""
