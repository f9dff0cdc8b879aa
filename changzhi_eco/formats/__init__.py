"""Number formats of the pages, by language; Django's own Chinese ones group by four digits and print no separator."""
