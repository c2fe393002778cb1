/// Debian's NATS client, as it is.
#ifndef NATS_LIBRARY_H
#define NATS_LIBRARY_H

#include <nats/nats.h>

#endif
