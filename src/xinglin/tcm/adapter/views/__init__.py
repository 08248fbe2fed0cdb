"""What people and systems see: opening a window, the pages in it, answers for servers, and the administrator's desk."""
