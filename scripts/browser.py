"""The Chromium that scripts open pages with."""

import os
import shutil
import sys

BROWSERS = ["chromium", "chromium-browser", "google-chrome", "chrome",
            "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"]


def launch(playwright):
    """Starts it, without a window."""
    named = os.environ.get("NIBBLE_BROWSER")
    found = next((path for path in map(shutil.which, [named] if named else BROWSERS) if path), None)
    if not found:
        sys.exit("no Chromium was found; install it, or name one in NIBBLE_BROWSER")
    # As root, as in a container, Chromium runs without its sandbox or not at all.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=found, args=arguments)
