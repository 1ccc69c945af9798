"""What ``bench/serve.py`` is made of.

peers     the servers: how each is started on the same data, and what ends it
questions what they are asked: the canned queries, and a pool of queries that never repeat
answers   whether two answers say the same
loading   a load on one of them, and what was seen meanwhile
tables    medians over rounds, and how they are shown
"""
