#!/usr/bin/env python3
"""docs/reference/evidence.md and its schemas are what content/types would write."""
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
done = subprocess.run([sys.executable, str(ROOT / "tools/gen_evidence_docs.py"), "--check"], capture_output=True, text=True)
print("1..1")
print("".join(f"# {line}\n" for line in done.stdout.splitlines()), end="")
print(f"{'ok' if done.returncode == 0 else 'not ok'} 1 - the reference of evidence is current")
sys.exit(done.returncode)
