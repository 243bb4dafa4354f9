"""Read-only pictures for pages, lights and the cloud. Names and phones are masked at this door."""
