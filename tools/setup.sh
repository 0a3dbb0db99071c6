#!/bin/sh
# Bring .venv to what pyproject.toml says: by uv on the PATH, else by a pinned uv put into .venv itself.
# Nothing is installed outside the checkout, so a system that forbids that (PEP 668) has nothing to object to.
set -eu
cd "$(dirname "$0")/.."

# The version in pyproject.toml's dev group.
uv_pin=$(sed -n 's/^  "\(uv==[0-9.]*\)",$/\1/p' pyproject.toml | head -n 1)

say() { printf 'tocsin: %s\n' "$*" >&2; }

find_python() {
  # A pyenv shim may exist and still fail, so each candidate is tried.
  for python in python3 python3.13 python3.12 python3.11; do
    if "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      echo "$python"
      return
    fi
  done
}

if [ -x .venv/bin/uv ]; then
  uv=.venv/bin/uv
elif command -v uv >/dev/null 2>&1; then
  uv=uv
else
  python=$(find_python)
  if [ -z "$python" ]; then
    say "needs Python 3.11 or newer; install it (package python3) and run the same command again."
    exit 1
  fi
  if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    say "needs Python's venv; install it (Debian: apt-get install python3-venv) and run the same command again."
    exit 1
  fi
  say "making the environment in .venv"
  "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check "$uv_pin"
  uv=.venv/bin/uv
fi

# --inexact: uv itself may live in .venv and must survive. Compiled here, once, for whoever starts a desk or the demo next.
"$uv" sync --quiet --inexact --compile-bytecode
