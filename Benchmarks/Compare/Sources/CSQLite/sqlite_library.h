/// Debian's SQLite, as it is.
#ifndef SQLITE_LIBRARY_H
#define SQLITE_LIBRARY_H

#include <sqlite3.h>

#endif
