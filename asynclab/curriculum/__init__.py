"""What a learner sees around the demos: their catalogue, lessons and parameters, and the pages that they fetch."""
