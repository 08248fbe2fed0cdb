"""The pages: the counter, the cards of a person, what a holder shows and prints, lists, batches."""
