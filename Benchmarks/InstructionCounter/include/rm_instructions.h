/// Counts the instructions that the calling thread retires in user space, where the kernel and the CPU permit it.
#ifndef RM_INSTRUCTIONS_H
#define RM_INSTRUCTIONS_H

#include <stdint.h>

/// Opens a counter for the calling thread. Returns its descriptor, the caller's to close, or a negated errno: -ENOENT on
/// most virtual machines, -EACCES where perf_event_paranoid forbids it.
int rm_instructions_open(void);

/// The instructions retired since it was opened, or a negated errno.
int64_t rm_instructions_read(int descriptor);

#endif
