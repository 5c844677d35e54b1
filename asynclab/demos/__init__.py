"""The curriculum: one plain asyncio file a demo."""
