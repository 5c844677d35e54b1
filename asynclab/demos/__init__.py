"""The demos: plain asyncio, one file each."""
