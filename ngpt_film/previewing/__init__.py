"""The live preview: a page on this machine that shows a section as its sources are now.

`desk` decides what to draw and what the page shows, `news` hands that on, `watch` hears of saved
files, `zygote` is the process that drawing processes are forked from, `draw` is what those do,
`server` serves the page.
"""
