/// Order between two threads that ThreadSanitizer cannot see by itself: a library that is not instrumented makes it.
#ifndef RM_ORDER_H
#define RM_ORDER_H

/// Says that what this thread did so far is seen by whoever calls rm_order_after with the same address later. `address` is
/// a name only: nothing is read or written there. Makes no order itself, and does nothing in a build without the sanitizer.
void rm_order_before(const void *address);

/// Says that this thread sees what was done before rm_order_before(address).
void rm_order_after(const void *address);

#endif
