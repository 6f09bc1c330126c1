"""The results of the paper (Bynum and Cho, arXiv 2411.08019 v2), made again from the released data.

Each number is held against the published one.
"""
