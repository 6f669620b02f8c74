"""What people and programs see: REST (``api``), pages (``pages``), and the edge where a request becomes an act."""
