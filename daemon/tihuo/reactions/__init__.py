"""What follows from what: paper from print jobs, lamps from the state of the shelf, a stage from a scan."""
