"""`python -m tenuto.cli`, where there is no `tenuto` on the path."""

import sys

from tenuto.cli import main

sys.exit(main())
