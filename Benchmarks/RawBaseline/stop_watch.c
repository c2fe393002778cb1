#include "stop_watch.h"

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <zmq.h>

static void *watch_run(void *argument) {
    raw_stop_watch *watch = argument;
    struct pollfd descriptors[] = {
        {.fd = watch->stop_descriptor, .events = POLLIN}, // a negative one is ignored by poll
        {.fd = watch->done_descriptor, .events = POLLIN},
    };
    while (poll(descriptors, 2, -1) < 0 && errno == EINTR) {
    }
    if (descriptors[0].revents != 0) {
        zmq_ctx_shutdown(watch->context);
    }
    return NULL;
}

int raw_stop_watch_begin(raw_stop_watch *watch, void *context, int stop_descriptor) {
    watch->context = context;
    watch->stop_descriptor = stop_descriptor;
    watch->done_descriptor = eventfd(0, EFD_CLOEXEC);
    if (watch->done_descriptor < 0) {
        return -errno;
    }
    int status = -pthread_create(&watch->thread, NULL, watch_run, watch);
    if (status < 0) {
        close(watch->done_descriptor);
    }
    return status;
}

void raw_stop_watch_end(raw_stop_watch *watch) {
    eventfd_write(watch->done_descriptor, 1);
    pthread_join(watch->thread, NULL);
    close(watch->done_descriptor);
}
