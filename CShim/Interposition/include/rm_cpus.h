// On which CPUs a thread may run: calls that Swift's view of libc lacks.
#ifndef RM_CPUS_H
#define RM_CPUS_H

#include <stdint.h>

enum { RM_CPUS_MAX = 1024 };

/// Binds a thread (0: the caller's) to the CPUs whose bits are set. 0, or -1 with errno.
int rm_cpus_bind(int thread, const uint64_t cpus[RM_CPUS_MAX / 64]);

/// The CPUs that a thread may run on. 0, or -1 with errno.
int rm_cpus_of(int thread, uint64_t cpus[RM_CPUS_MAX / 64]);

#endif
