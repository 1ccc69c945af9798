"""Links to what others have of the same things, and how such are found.

names           how two spellings of a name are told to be one
mappings        the files in which links stand, with their evidence (SSSOM)
describe        mappings as triples

things          ours as they are compared, and a labelled set of pairs
proposals       which things elsewhere may be ours, and on what evidence
evaluation      how good that is
reviews         proposals, and what a person decides about them
answers         services of others, asked politely and not twice
ror, wikidata   what these two have
rows            what Epoch AI's table has, as it is compared

registered      what the graph has by name, for a dataset to be read against
epoch           Epoch AI's table of models as passages of the graph

gazetteer       things by their names: looked up, compared, completed
agreement       whether a value that somebody gives is one that the graph has
reconciliation  which things a name and properties may mean, and whether one is sure
"""
