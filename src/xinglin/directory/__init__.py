"""What is where: institutions, departments, practitioners, places, and the tree of administrative divisions."""
