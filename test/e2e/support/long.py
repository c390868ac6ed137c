"""Are the long forms of the tests to be run? Those are for ./check --long."""

import os

LONG = os.environ.get("GEOTRIP_TEST_LONG") == "1"
