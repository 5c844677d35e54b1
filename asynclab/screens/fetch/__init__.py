"""The Fetch screen: a list of URLs, and the labs in which they are fetched."""
