#ifndef RM_AIO_H
#define RM_AIO_H

/// Has the contexts of asynchronous I/O that libraft is done with destroyed on threads of their own, for the rest of the
/// process. From any thread, any number of times. Returns 1; 0 where libraft's call was not found, and libraft goes on
/// doing it itself.
int rm_aio_destroy_elsewhere(void);

#endif
