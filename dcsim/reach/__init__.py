"""Who reaches whom, on what: every pair of guests asked, and assertions about it judged."""
