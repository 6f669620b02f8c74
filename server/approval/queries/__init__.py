"""Lists and views of approval; read only."""
