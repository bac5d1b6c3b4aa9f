"""Cuts the files of a data folder back to what was synced; see powercut.c."""

from __future__ import annotations

import os
import pathlib


def environment(library, notes):
    return {"LD_PRELOAD": str(library), "POWERCUT_NOTES": str(notes)}


def cut(data_dir, notes):
    """Returns how many bytes were lost. The notes start anew, with what is left: it is on the disk now."""
    synced = {}
    if os.path.exists(notes):
        with open(notes, encoding="ascii") as lines:
            for line in lines:
                device, inode, length = map(int, line.split())
                synced[device, inode] = max(length, synced.get((device, inode), 0))
    lost = 0
    with open(notes, "w", encoding="ascii") as remaining:
        for path in sorted(pathlib.Path(data_dir).rglob("*")):
            if path.is_symlink() or not path.is_file():
                continue
            status = path.stat()
            length = min(status.st_size, synced.get((status.st_dev, status.st_ino), 0))
            if length < status.st_size:
                lost += status.st_size - length
                os.truncate(path, length)
            remaining.write(f"{status.st_dev} {status.st_ino} {length}\n")
    return lost
