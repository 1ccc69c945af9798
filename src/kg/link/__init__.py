"""Links to what others have of the same things, and how such are found.

names     how two spellings of a name are told to be one
"""
