"""The IOP Guide: evidence becomes pages, pages become a site, the site becomes each clinic's own copy."""
