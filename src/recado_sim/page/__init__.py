"""The virtual handset: one page that shows what people receive and answers as they would.

`routes` holds `GET /celular` and `GET /celular/static/{file}`. The page is plain HTML, CSS and ES
modules; it talks to the simulator only through `/_sim/...` and to nobody else.
"""

from recado_sim.page.serving import routes

__all__ = ["routes"]
