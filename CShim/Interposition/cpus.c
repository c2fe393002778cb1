#define _GNU_SOURCE
#include "rm_cpus.h"

#include <sched.h>
#include <string.h>

int rm_cpus_bind(int thread, const uint64_t cpus[RM_CPUS_MAX / 64]) {
    cpu_set_t set;
    memcpy(&set, cpus, sizeof set);
    return sched_setaffinity(thread, sizeof set, &set);
}

int rm_cpus_of(int thread, uint64_t cpus[RM_CPUS_MAX / 64]) {
    cpu_set_t set;
    if (sched_getaffinity(thread, sizeof set, &set) != 0) return -1;
    memcpy(cpus, &set, sizeof set);
    return 0;
}
