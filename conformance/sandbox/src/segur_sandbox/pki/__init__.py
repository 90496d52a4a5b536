"""A certificate hierarchy shaped like the IGC-Santé TEST tree, generated here and trusted nowhere else."""
