"""The pages of data quality: board, scorecards, rules and their editor, rows, problems and tasks, months."""
