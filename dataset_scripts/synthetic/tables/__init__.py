"""What comes out: clips and takes as tables and films."""
