/// What the fault networks of chaos runs need of the kernel and C alone can say: epoll, network namespaces, TUN devices.
/// Every function returns 0 (or what is said) on success and a negated errno on failure.
#ifndef RM_NETWORK_H
#define RM_NETWORK_H

#include <stdint.h>

/// Bits of a descriptor's events. RM_ENDED: the peer will send no more. Failures and hang-ups come unasked, as RM_BROKEN.
enum { RM_READS = 1, RM_WRITES = 2, RM_ENDED = 4, RM_BROKEN = 8 };

/// What is done with a descriptor.
enum { RM_WATCH, RM_CHANGE, RM_FORGET };

typedef struct rm_event {
    int descriptor;
    uint32_t events;
} rm_event;

/// Returns a descriptor to wait on, the caller's to close.
int rm_epoll_create(void);
int rm_epoll_control(int epoll, int order, int descriptor, uint32_t events);

/// Waits until something happens or `timeout_ms` is over (negative: for ever). Writes at most `capacity` (at most 64) events
/// and returns how many; 0 on time-out or signal.
int rm_epoll_wait(int epoll, rm_event *out, int capacity, int timeout_ms);

/// Accepts a connection over IPv4, non-blocking and closed on exec. Returns its descriptor, the caller's to close, and the
/// peer's address and port in host order.
int rm_accept(int listener, uint32_t *address, uint16_t *port);

/// Waits until the peer of a connection has ended or broken it. Returns 1 if so, 0 on time-out.
int rm_wait_for_end(int descriptor, int timeout_ms);

/// Moves the calling thread into a new network namespace, and returns a descriptor of it, the caller's to close. The namespace
/// is gone with its last descriptor, process and thread.
int rm_namespace_make(void);

/// Moves the calling thread into the namespace of a file, as /proc/PID/fd/N. Threads that it starts later are there too.
int rm_namespace_enter(const char *path);

/// Makes a TUN device in the calling thread's namespace and brings it up, and loopback with it. `address` is IPv4 in host order,
/// in a network of 256. Returns the descriptor of its packets, non-blocking, the caller's to close: the device is gone with it.
int rm_tun_make(const char *name, uint32_t address, int packet_bytes_max);

#endif
