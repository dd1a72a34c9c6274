"""Customers over the years: the further order by a link, and the search for those who were filed twice."""
