#!/usr/bin/env python3
"""Prints the requests of the probes that come with the test data, a line each: probe.py makes them, and asks the peer right
away; here what it would ask is caught.

usage: probes.py PROBE.PY"""
import runpy
import subprocess
import sys


class Asked(Exception):
    pass


def catch(command, input="", **_):
    sys.stdout.write(input)
    raise Asked


subprocess.run = catch
try:
    runpy.run_path(sys.argv[1], run_name="__main__")
except Asked:
    pass
