"""What is right: codes, tables of codes, days, the tree of divisions, spellings, who may do what. Pure."""
