"""The pages: signing in, a resident's own pages, the desk."""
