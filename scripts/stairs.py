"""Reads areas back that were drawn as stairs, in paths of SVG."""

import bisect
import re


def heights(paths, places):
    """The y of the highest edge of several areas at each of these x, or None where there is none.

    An area goes right along its upper edge first, with M, H and V alone, and back along its lower.
    """
    found = [None] * len(places)
    for path in paths:
        x = y = None
        for command, numbers in re.findall(r"([MHVZ])([^MHVZ]*)", path):
            values = [float(number) for number in numbers.split()]
            if command == "M":
                x, y = values
            elif command == "V":
                y = values[0]
            elif command == "Z" or values[0] < x:
                break
            else:
                for place in range(bisect.bisect_left(places, x), bisect.bisect_left(places, values[0])):
                    found[place] = y if found[place] is None else min(found[place], y)
                x = values[0]
    return found
