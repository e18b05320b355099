"""What ``python -m wam_widgets`` can do, one command a file."""
