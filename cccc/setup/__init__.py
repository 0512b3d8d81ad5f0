"""Setting clients up, and back: the plans of ``cccc.clients`` carried out on files, and undone again.

Everything here blocks for moments (files, locks, a started client); callers with an event loop use a thread.
"""
