"""One module is one Lambda is one kind of Task state."""
