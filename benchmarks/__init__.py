"""What this project claims about speed, memory and size, measured: ``make bench``."""
