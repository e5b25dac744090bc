"""Methods of others that AULLM++ is compared with, one file each, trained on the same clips and folds."""
