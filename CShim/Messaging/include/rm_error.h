/// Return codes of the shim. A function returns 0 (or a count) on success and a negative code on failure.
///
/// A code is the negated errno of the call that failed, libzmq's own numbers included, so that nothing is lost on the
/// way; the ones that a caller is expected to act on have names here.
#ifndef RM_ERROR_H
#define RM_ERROR_H

#include <errno.h>
#include <zmq.h>

#define RM_EAGAIN (-EAGAIN)               ///< Would block: nothing to receive, or the high-water mark is reached.
#define RM_EINTR (-EINTR)                 ///< A signal arrived; call again.
#define RM_EINVAL (-EINVAL)               ///< An argument or endpoint is not of a usable form.
#define RM_ENOMEM (-ENOMEM)               ///< No memory.
#define RM_ENOSPC (-ENOSPC)               ///< The destination is too small; nothing was written.
#define RM_EADDRINUSE (-EADDRINUSE)       ///< The port or socket path is taken.
#define RM_EADDRNOTAVAIL (-EADDRNOTAVAIL) ///< The address is not one of this host's.
#define RM_EACCES (-EACCES)               ///< No permission for the port or socket path.
#define RM_EHOSTUNREACH (-EHOSTUNREACH)   ///< The ROUTER knows no peer of that identity.
#define RM_ETERM (-ETERM)                 ///< The context was terminated.

/// Returns a static, human-readable text for a negative code of this shim.
const char *rm_error_text(int code);

#endif
