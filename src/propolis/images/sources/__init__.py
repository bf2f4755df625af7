"""What the images room reads of the world: OSV files, the advisory database, OSV exports on servers."""
