"""What a person sees: widgets composed, keys turned into commands."""
