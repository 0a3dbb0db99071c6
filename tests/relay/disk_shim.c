/* A disk for tests and benchmarks: fsync takes TOCSIN_SHIM_FSYNC_MS longer, and while the file named by
   TOCSIN_SHIM_FULL exists, nothing more can be written to regular files. After tocsin_cut_power_at(n) the process is
   killed at its n-th change of a regular file or of a name, half of the bytes written. Loaded with LD_PRELOAD. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
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

static long changes_left = -1;

void tocsin_cut_power_at(long n) { changes_left = n; }

long tocsin_changes_left(void) { return changes_left; }

static int is_regular(int file)
{
    struct stat kind;
    return fstat(file, &kind) == 0 && S_ISREG(kind.st_mode);
}

static int power_goes(void) { return changes_left > 0 && --changes_left == 0; }

static void die(void) { raise(SIGKILL); }

int fsync(int file)
{
    wait_for_the_platter();
    if (power_goes()) die();
    return REAL(int (*)(int), "fsync")(file);
}

int fdatasync(int file)
{
    wait_for_the_platter();
    if (power_goes()) die();
    return REAL(int (*)(int), "fdatasync")(file);
}

ssize_t write(int file, const void *data, size_t size)
{
    REFUSE_IF_FULL(file)
    ssize_t (*real)(int, const void *, size_t) = REAL(ssize_t (*)(int, const void *, size_t), "write");
    if (is_regular(file) && power_goes()) {
        real(file, data, size / 2);
        die();
    }
    return real(file, data, size);
}

ssize_t pwrite(int file, const void *data, size_t size, off_t at)
{
    REFUSE_IF_FULL(file)
    ssize_t (*real)(int, const void *, size_t, off_t) = REAL(ssize_t (*)(int, const void *, size_t, off_t), "pwrite");
    if (power_goes()) {
        real(file, data, size / 2, at);
        die();
    }
    return real(file, data, size, at);
}

ssize_t pwrite64(int file, const void *data, size_t size, off64_t at)
{
    REFUSE_IF_FULL(file)
    ssize_t (*real)(int, const void *, size_t, off64_t) = REAL(ssize_t (*)(int, const void *, size_t, off64_t), "pwrite64");
    if (power_goes()) {
        real(file, data, size / 2, at);
        die();
    }
    return real(file, data, size, at);
}

int rename(const char *from, const char *to)
{
    if (power_goes()) die();
    return REAL(int (*)(const char *, const char *), "rename")(from, to);
}

int unlink(const char *name)
{
    if (power_goes()) die();
    return REAL(int (*)(const char *), "unlink")(name);
}

int ftruncate(int file, off_t size)
{
    if (power_goes()) die();
    return REAL(int (*)(int, off_t), "ftruncate")(file, size);
}

int ftruncate64(int file, off64_t size)
{
    if (power_goes()) die();
    return REAL(int (*)(int, off64_t), "ftruncate64")(file, size);
}
