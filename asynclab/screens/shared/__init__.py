"""What every screen has: commands, key bar, palette, help page and forms."""
