import os
import sys

sys.path.append(os.path.abspath("_ext"))

project = "A manual made by Sphinx"
copyright = "its author"
epub_copyright = copyright
version = "1"
extensions = ["iommu_playground"]
iommu_playground_url = "https://PLAYGROUND/"
exclude_patterns = ["_build"]
