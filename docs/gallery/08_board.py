"""A board

The release core-v1 holds the results of its methods, so its boards need no computation. The figure shows the error of
each method, with all confounders seen and with confounders hidden.
"""

import benchmarks

result = benchmarks.leaderboard("core-v1")
result.boards[0].plot()
