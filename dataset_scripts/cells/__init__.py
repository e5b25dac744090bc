"""What a coder wrote: the FACS grammar."""
