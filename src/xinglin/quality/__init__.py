"""How good the data are: rules over flat rows, findings, scores, and the loop from a problem to its cure.

Nouns: a *flat row* (``columns``) holds what rules need of one resource and nothing that tells who somebody is; a *rule*
(``rules``, ``data/rules-1.toml``) has a check type (``checks``) and its parameters; a *finding* is a row that fails a
rule; a *score* (``scoring``) weighs what share passes; a *problem* (``states``) is a rule that an institution fails, on
its way from being found to being closed.

Verbs: ``following.follow`` keeps the flat rows in step with the record, ``running.run`` applies all rules in one pass
over each table (``compiling``), ``loop`` opens problems, checks them again and reminds, ``actions`` is what people do.
Start reading at ``rules``, then ``compiling``.
"""
