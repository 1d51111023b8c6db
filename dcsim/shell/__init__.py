"""A session with a world: commands as typed, carried out in virtual time, answered in lines of text."""
