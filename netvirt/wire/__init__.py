"""Protocols as bytes and values, one a file: `parse` reads what the world sent or says Malformed, `emit` writes."""
