"""The Fetch screen: URLs, and the labs in which they are fetched."""
