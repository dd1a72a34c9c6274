#!/usr/bin/env bash
# Install the Debian packages named as arguments, where they are missing. Root, Debian 12 or 13.
set -euo pipefail

. /etc/os-release
if [ "${ID:-}" != debian ] || { [ "${VERSION_ID:-}" != 12 ] && [ "${VERSION_ID:-}" != 13 ]; }; then
  echo "This needs Debian 12 or 13 and found ${PRETTY_NAME:-another system}." >&2
  echo "Use a Debian machine (a virtual one is enough), or install by hand: $*, and Python 3.11 to 3.13." >&2
  exit 1
fi

missing=()
for package in "$@"; do
  [ "$(dpkg-query --show --showformat='${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || missing+=("$package")
done
[ ${#missing[@]} -gt 0 ] || exit 0

if [ "$(id -u)" != 0 ]; then
  echo "Missing Debian packages: ${missing[*]}. Run this as root, or: apt-get install ${missing[*]}" >&2
  exit 1
fi
echo "== Debian packages: ${missing[*]}"
export DEBIAN_FRONTEND=noninteractive
apt-get update --quiet=2
apt-get install --quiet=2 --yes --no-install-recommends "${missing[@]}" >/dev/null
