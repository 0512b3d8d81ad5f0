"""The programs that are set up: which settings each needs, what would win over them, and how their files are edited.

Pure: text in, plan out. Reading and writing the files is ``cccc.setup``.
"""
