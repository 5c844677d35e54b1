"""What runs inside a program that is observed from another process: it imports neither textual nor aiohttp."""
