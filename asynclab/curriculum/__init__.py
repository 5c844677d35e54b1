"""The machinery around demos: the catalogue, lessons, parameters and the pages that they fetch."""
