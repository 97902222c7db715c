"""The operators' panel under `/painel`: server-rendered pages, swapped in parts by htmx."""
