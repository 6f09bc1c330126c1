"""Worker processes: their start and end, threads, memory, and a sandbox for each cell."""
