/// Debian's hiredis, as it is.
#ifndef HIREDIS_LIBRARY_H
#define HIREDIS_LIBRARY_H

#include <hiredis/hiredis.h>

#endif
