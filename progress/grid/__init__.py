"""The grid (网格填报): where a clerk may type, and the cells of one such place with what stands beside each."""
