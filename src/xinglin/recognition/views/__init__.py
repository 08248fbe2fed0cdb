"""The pages: the check when something is ordered, boards, disputes, the catalogue, how institutions stand."""
