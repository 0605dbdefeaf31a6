# Licensed under a 3-clause BSD style license - see LICENSE
"""Frames of a group whose files are lost while it is measured: gone, changed, or not readable."""

from .group import unusable_file

__all__ = ["take_out_blamed", "take_out_lost"]


def take_out_lost(group, read):
    """Take those frames out of a group whose files are not those any more whose headers were read.

    With ``read``, all pixels are read: that finds files of which a part cannot be read. Returns the list of `Unusable`.
    """
    group.biases, lost = _without_lost(group.biases, read)
    group.darks, others = _without_lost(group.darks, read)
    masters, more = _without_lost([group.master] if group.master else [], read)
    group.master = masters[0] if masters else None
    return lost + others + more


def take_out_blamed(group, reason):
    """Take that frame out of a group with whose file an error begins; returns a list of `Unusable`, mostly empty."""
    for frames in (group.biases, group.darks):
        for frame in frames:
            if reason.startswith(f"{frame.file.label}: "):
                frames.remove(frame)
                return [unusable_file(frame.file.path, reason, frame.name)]
    if group.master and reason.startswith(f"{group.master.file.label}: "):
        lost, group.master = group.master, None
        return [unusable_file(lost.file.path, reason, lost.name)]
    return []


def _without_lost(frames, read):
    kept, lost = [], []
    for frame in frames:
        try:
            frame.file.check_unchanged()
            if read:
                frame.file.rows(slice(None))
        except OSError as error:
            lost.append(unusable_file(frame.file.path, error, frame.name))
        else:
            kept.append(frame)
    return kept, lost
