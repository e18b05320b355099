"""Values that the kernel and the browser must both give."""
