"""A plugin package made from a template: what ``segur plugins new`` writes.

Templates are text files ending in ``.in`` in which ``{{ name }}`` stands for a value. ``every_package`` has what all
packages have; ``hooks`` has, for each hook, a rule that answers it, the tests of that rule, and in ``hook.toml`` what
both of them need in the files of every package.
"""
