"""`python -m recado_sim`."""

from recado_sim.cli import main

main()
