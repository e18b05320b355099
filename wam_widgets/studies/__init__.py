"""Studies: a data set × models × methods × bases × metrics, in a folder that survives.

:func:`wam_widgets.evaluate` computes what is missing in the folder, :func:`wam_widgets.study` opens
it. ``inputs`` reads data, ``plan`` says what is computed of each input, ``shards`` computes it,
``store`` keeps it, ``running`` goes through it here or on other machines, and ``study`` reads it.
"""
