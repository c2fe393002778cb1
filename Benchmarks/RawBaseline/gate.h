/// Where the clients wait for each other and for the one who reads the clocks.
#ifndef RAW_GATE_H
#define RAW_GATE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct raw_gate {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    uint32_t arrived;
    bool open;
} raw_gate;

#define RAW_GATE_INITIAL {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0, false}

/// Arrives, and waits until the gate is open.
static inline void raw_gate_pass(raw_gate *gate) {
    pthread_mutex_lock(&gate->lock);
    gate->arrived++;
    pthread_cond_broadcast(&gate->changed);
    while (!gate->open) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

/// Waits until `count` have arrived. The gate stays closed.
static inline void raw_gate_await(raw_gate *gate, uint32_t count) {
    pthread_mutex_lock(&gate->lock);
    while (gate->arrived < count) {
        pthread_cond_wait(&gate->changed, &gate->lock);
    }
    pthread_mutex_unlock(&gate->lock);
}

static inline void raw_gate_open(raw_gate *gate) {
    pthread_mutex_lock(&gate->lock);
    gate->open = true;
    pthread_cond_broadcast(&gate->changed);
    pthread_mutex_unlock(&gate->lock);
}

#endif
