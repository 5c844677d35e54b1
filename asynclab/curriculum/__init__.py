"""Everything around the demos: their catalogue, lessons and parameters, and the progress of pages that they fetch."""
