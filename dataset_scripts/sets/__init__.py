"""How each data set lies on people's disks, one file a set."""
