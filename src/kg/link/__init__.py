"""Links to what others have of the same things, and how such are found.

names           how two spellings of a name are told to be one
gazetteer       things by their names: looked up, compared, completed
agreement       whether a value that somebody gives is one that the graph has
reconciliation  which things a name and properties may mean, and whether one is sure
"""
