"""Taking a system call away from a process, as a kernel does that is too old
for it."""

import ctypes
import errno
import os
import struct

# The same number on every architecture but one.
PIDFD_OPEN = 434

_SET_SECCOMP, _FILTER = 22, 2
_SET_NO_NEW_PRIVS = 38
_LOAD, _JUMP_IF_EQUAL, _RETURN = 0x20, 0x15, 0x06
_ERRNO, _ALLOW = 0x00050000, 0x7fff0000


def without(number):
    """What a process calls before it starts a program, which then has no
    system call of this number."""
    program = b"".join(struct.pack("HBBI", *instruction) for instruction in (
        # The number comes first in what the kernel shows of a call.
        (_LOAD, 0, 0, 0),
        (_JUMP_IF_EQUAL, 0, 1, number),
        (_RETURN, 0, 0, _ERRNO | errno.ENOSYS),
        (_RETURN, 0, 0, _ALLOW)))
    code = ctypes.create_string_buffer(program, len(program))
    header = struct.pack("HP", len(program) // 8, ctypes.addressof(code))
    libc = ctypes.CDLL(None, use_errno=True)

    def apply():
        for arguments in ((_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                          (_SET_SECCOMP, _FILTER, header)):
            if libc.prctl(*arguments) != 0:
                raise OSError(ctypes.get_errno(), os.strerror(
                    ctypes.get_errno()))
    # The program is read when the function is called.
    apply.code = code
    return apply
