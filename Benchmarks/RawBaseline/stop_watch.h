/// A thread that sleeps until a descriptor is readable and then shuts a ZeroMQ context down, so that the socket's own
/// thread can block in zmq_msg_recv and pay nothing for being stoppable.
#ifndef RAW_STOP_WATCH_H
#define RAW_STOP_WATCH_H

#include <pthread.h>

typedef struct raw_stop_watch {
    void *context;
    int stop_descriptor;
    int done_descriptor; // an eventfd: the server ended by itself
    pthread_t thread;
} raw_stop_watch;

/// Begins to watch. The stop watch and the context outlive `raw_stop_watch_end`. Returns 0 or a negated errno.
int raw_stop_watch_begin(raw_stop_watch *watch, void *context, int stop_descriptor);

/// Ends the thread, whether or not it has fired.
void raw_stop_watch_end(raw_stop_watch *watch);

#endif
