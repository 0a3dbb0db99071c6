/* A disk for tests and benchmarks: fsync takes TOCSIN_SHIM_FSYNC_MS longer, and while the file named by
   TOCSIN_SHIM_FULL exists, nothing more can be written to regular files. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static void wait_for_the_platter(void)
{
    const char *text = getenv("TOCSIN_SHIM_FSYNC_MS");
    long ms = text ? atol(text) : 0;
    struct timespec pause = {ms / 1000, ms % 1000 * 1000000};
    if (ms > 0)
        nanosleep(&pause, NULL);
}

static int is_full(int file)
{
    const char *mark = getenv("TOCSIN_SHIM_FULL");
    struct stat kind;
    return mark && access(mark, F_OK) == 0 && fstat(file, &kind) == 0 && S_ISREG(kind.st_mode);
}

#define REFUSE_IF_FULL(file) if (is_full(file)) { errno = ENOSPC; return -1; }
#define REAL(type, name) ((type) dlsym(RTLD_NEXT, name))

int fsync(int file)
{
    wait_for_the_platter();
    return REAL(int (*)(int), "fsync")(file);
}

int fdatasync(int file)
{
    wait_for_the_platter();
    return REAL(int (*)(int), "fdatasync")(file);
}

ssize_t write(int file, const void *data, size_t size)
{
    REFUSE_IF_FULL(file)
    return REAL(ssize_t (*)(int, const void *, size_t), "write")(file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at)
{
    REFUSE_IF_FULL(file)
    return REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite")(file, data, size, at);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at)
{
    REFUSE_IF_FULL(file)
    return REAL(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64")(file, data, size, at);
}
