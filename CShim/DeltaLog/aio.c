// Keeps the end of a log segment from standing in the way of what is written to the next.
//
// libraft opens a context of asynchronous I/O for each segment and destroys it with the segment, on its loop. The kernel
// waits for an RCU grace period in there: 10 to 30 ms in which nothing is written, committed or answered, at each snapshot
// and each 8 MiB of log. Nobody waits for the outcome, so it may happen on any thread. libraft has no setting for it, and
// makes the call by way of syscall(2) of libc: that one import, of that one library, is led through here.

#define _GNU_SOURCE
#include "aio.h"

#include <elf.h>
#include <link.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#if defined(__x86_64__)
#define RM_IS_IMPORT(type) ((type) == R_X86_64_JUMP_SLOT || (type) == R_X86_64_GLOB_DAT)
#elif defined(__aarch64__)
#define RM_IS_IMPORT(type) ((type) == R_AARCH64_JUMP_SLOT || (type) == R_AARCH64_GLOB_DAT)
#else
#define RM_IS_IMPORT(type) 0
#endif

static void *destroy(void *context) {
    syscall(SYS_io_destroy, context);
    return NULL;
}

/// What libraft calls for syscall(2).
static long call(long number, ...) {
    long a[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++) a[i] = va_arg(list, long);
    va_end(list);
    if (number == SYS_io_destroy) {
        pthread_t thread;
        if (pthread_create(&thread, NULL, destroy, (void *)a[0]) == 0) {
            pthread_detach(thread);
            return 0;
        }
    }
    return syscall(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

/// What the dynamic section of a library says of its imports.
struct imports {
    const ElfW(Sym) *symbols;
    const char *names;
    const ElfW(Rela) *tables[2];
    size_t bytes[2];
};

static struct imports imports_of(const ElfW(Dyn) *entry) {
    struct imports found = {0};
    for (; entry->d_tag != DT_NULL; entry++) {
        switch (entry->d_tag) {
        case DT_SYMTAB: found.symbols = (const void *)entry->d_un.d_ptr; break;
        case DT_STRTAB: found.names = (const void *)entry->d_un.d_ptr; break;
        case DT_JMPREL: found.tables[0] = (const void *)entry->d_un.d_ptr; break;
        case DT_PLTRELSZ: found.bytes[0] = entry->d_un.d_val; break;
        case DT_RELA: found.tables[1] = (const void *)entry->d_un.d_ptr; break;
        case DT_RELASZ: found.bytes[1] = entry->d_un.d_val; break;
        default: break;
        }
    }
    return found;
}

static int lead_through_here(void **slot, int is_read_only) {
    if (__atomic_load_n(slot, __ATOMIC_ACQUIRE) == (void *)call) return 1;
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    void *start = (void *)((uintptr_t)slot & ~(page - 1));
    if (mprotect(start, page, PROT_READ | PROT_WRITE) != 0) return 0;
    __atomic_store_n(slot, (void *)call, __ATOMIC_RELEASE);
    if (is_read_only) mprotect(start, page, PROT_READ);
    return 1;
}

static int look_at(struct dl_phdr_info *library, size_t size, void *context) {
    (void)size;
    if (strstr(library->dlpi_name, "/libraft.so") == NULL) return 0;
    const ElfW(Dyn) *dynamic = NULL;
    ElfW(Addr) start = 0, end = 0;
    for (int i = 0; i < library->dlpi_phnum; i++) {
        const ElfW(Phdr) *header = &library->dlpi_phdr[i];
        if (header->p_type == PT_DYNAMIC) dynamic = (const void *)(library->dlpi_addr + header->p_vaddr);
        if (header->p_type == PT_GNU_RELRO) {
            start = header->p_vaddr;
            end = start + header->p_memsz;
        }
    }
    if (dynamic == NULL) return 1;
    struct imports found = imports_of(dynamic);
    if (found.symbols == NULL || found.names == NULL) return 1;
    for (int table = 0; table < 2; table++) {
        for (size_t i = 0; i < found.bytes[table] / sizeof(ElfW(Rela)); i++) {
            const ElfW(Rela) *import = &found.tables[table][i];
            const ElfW(Sym) *symbol = &found.symbols[ELF64_R_SYM(import->r_info)];
            if (!RM_IS_IMPORT(ELF64_R_TYPE(import->r_info))) continue;
            if (strcmp(found.names + symbol->st_name, "syscall") != 0) continue;
            int is_read_only = import->r_offset >= start && import->r_offset < end;
            *(int *)context |= lead_through_here((void **)(library->dlpi_addr + import->r_offset), is_read_only);
        }
    }
    return 1;
}

int rm_aio_destroy_elsewhere(void) {
    int is_found = 0;
    dl_iterate_phdr(look_at, &is_found);
    return is_found;
}
