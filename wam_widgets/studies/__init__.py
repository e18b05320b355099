"""Studies: a data set × models × methods × bases × metrics, in a folder that survives.

:func:`wam_widgets.evaluate` (``evaluating``) computes what is missing in the folder,
:func:`wam_widgets.study` (``study``) opens it.

What is computed
    ``inputs``, ``items``, ``ids`` read data, ``models`` the model; ``plan`` says what is computed
    of each input, ``shards`` computes it, ``thumbnails`` draws it.
Where
    ``running`` goes through what is ``missing``, ``pools`` and ``workers`` do so elsewhere;
    ``tasks`` is one shard of it.
What is kept
    ``store`` is the folder, with a ``manifest`` and shards, whose ``generations`` hold ``tables``.
What is read
    ``reading``, ``columns`` and ``frames``; ``results``, ``summaries``, ``groups``; ``one_input``
    and ``recomputing``; ``page`` and ``page_blocks`` write it down.
"""
