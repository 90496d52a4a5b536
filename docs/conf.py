"""Settings of Sphinx. Nothing in the pages may come from another host: ``build.py`` asserts it."""

project = "Ségur plugin SDK"
language = "en"
extensions = ["myst_parser"]
exclude_patterns = ["**/__pycache__"]

html_theme = "furo"
html_title = "Ségur plugin SDK"
html_copy_source = False
html_show_sourcelink = False
html_show_copyright = False

myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
suppress_warnings: list[str] = []
nitpicky = True
