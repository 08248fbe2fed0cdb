"""The kinds of rules that data alone cannot say, each a function from a rule and a case to what is found."""
