"""Files into the directory and out of it.

``sheets`` reads CSV and Excel row by row, ``templates`` makes the files to fill in, ``run`` plans and applies a file,
``report`` is what came of it line by line, ``work`` does it in the background, ``exporting`` writes what there is.
"""
