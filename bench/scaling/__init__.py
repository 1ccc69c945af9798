"""What ``bench/scale.py`` is made of.

growth    by which power of the number of models something grows, and where it passes a bound
measuring one landscape: built, served, and asked all canned questions
tables    what was measured at several sizes, and what it says of others
"""
