"""How messages fared, by hour. Owns `report_hour`, `report_due`, `report_mark`: small sums kept by a chore."""
