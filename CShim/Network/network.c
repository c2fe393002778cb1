#define _GNU_SOURCE
#include "rm_network.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <netinet/in.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

enum { EVENTS_MAX = 64 };

int rm_epoll_create(void) {
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    return epoll < 0 ? -errno : epoll;
}

int rm_epoll_control(int epoll, int order, int descriptor, uint32_t events) {
    struct epoll_event event = {
        .events = (events & RM_READS ? EPOLLIN : 0u) | (events & RM_WRITES ? EPOLLOUT : 0u) |
                  (events & RM_ENDED ? EPOLLRDHUP : 0u),
        .data.fd = descriptor,
    };
    int operation = order == RM_WATCH ? EPOLL_CTL_ADD : order == RM_CHANGE ? EPOLL_CTL_MOD : EPOLL_CTL_DEL;
    return epoll_ctl(epoll, operation, descriptor, &event) < 0 ? -errno : 0;
}

int rm_epoll_wait(int epoll, rm_event *out, int capacity, int timeout_ms) {
    struct epoll_event events[EVENTS_MAX];
    int count = epoll_wait(epoll, events, capacity < EVENTS_MAX ? capacity : EVENTS_MAX, timeout_ms);
    if (count < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    for (int place = 0; place < count; place++) {
        uint32_t bits = events[place].events;
        out[place].descriptor = events[place].data.fd;
        out[place].events = (bits & EPOLLIN ? RM_READS : 0u) | (bits & EPOLLOUT ? RM_WRITES : 0u) |
                            (bits & EPOLLRDHUP ? RM_ENDED : 0u) | (bits & (EPOLLERR | EPOLLHUP) ? RM_BROKEN : 0u);
    }
    return count;
}

int rm_accept(int listener, uint32_t *address, uint16_t *port) {
    struct sockaddr_in name = {0};
    socklen_t length = sizeof name;
    int descriptor = accept4(listener, (struct sockaddr *)&name, &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (descriptor < 0) {
        return -errno;
    }
    *address = ntohl(name.sin_addr.s_addr);
    *port = ntohs(name.sin_port);
    return descriptor;
}

int rm_wait_for_end(int descriptor, int timeout_ms) {
    struct pollfd wanted = {.fd = descriptor, .events = POLLRDHUP};
    int count = poll(&wanted, 1, timeout_ms);
    return count < 0 ? -errno : count;
}

int rm_namespace_make(void) {
    if (unshare(CLONE_NEWNET) < 0) {
        return -errno;
    }
    int descriptor = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    return descriptor < 0 ? -errno : descriptor;
}

int rm_namespace_enter(const char *path) {
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return -errno;
    }
    int status = setns(descriptor, CLONE_NEWNET) < 0 ? -errno : 0;
    close(descriptor);
    return status;
}

static void set_address(struct ifreq *request, uint32_t address) {
    struct sockaddr_in name = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(address)};
    memcpy(&request->ifr_addr, &name, sizeof name);
}

/// Gives a device its flag IFF_UP.
static int bring_up(int control, struct ifreq *request) {
    if (ioctl(control, SIOCGIFFLAGS, request) < 0) {
        return -errno;
    }
    request->ifr_flags |= IFF_UP;
    return ioctl(control, SIOCSIFFLAGS, request) < 0 ? -errno : 0;
}

static int set_up(const char *name, uint32_t address, int packet_bytes_max) {
    int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (control < 0) {
        return -errno;
    }
    struct ifreq loopback = {.ifr_name = "lo"};
    int status = bring_up(control, &loopback);
    struct ifreq request = {0};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    set_address(&request, address);
    if (status == 0 && ioctl(control, SIOCSIFADDR, &request) < 0) {
        status = -errno;
    }
    set_address(&request, 0xffffff00u);
    if (status == 0 && ioctl(control, SIOCSIFNETMASK, &request) < 0) {
        status = -errno;
    }
    request.ifr_mtu = packet_bytes_max;
    if (status == 0 && ioctl(control, SIOCSIFMTU, &request) < 0) {
        status = -errno;
    }
    if (status == 0) {
        status = bring_up(control, &request);
    }
    close(control);
    return status;
}

int rm_tun_make(const char *name, uint32_t address, int packet_bytes_max) {
    int descriptor = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    if (descriptor < 0) {
        return -errno;
    }
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    strncpy(request.ifr_name, name, IFNAMSIZ - 1);
    int status = ioctl(descriptor, TUNSETIFF, &request) < 0 ? -errno : set_up(name, address, packet_bytes_max);
    if (status < 0) {
        close(descriptor);
        return status;
    }
    return descriptor;
}
