"""The parts of every screen: commands, key bar, palette, help page and forms."""
