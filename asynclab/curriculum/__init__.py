"""Everything around the demos: the catalogue, lessons, parameters, and the pages they fetch."""
