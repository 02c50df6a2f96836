"""The office's screens for definitions; one module a subject."""
