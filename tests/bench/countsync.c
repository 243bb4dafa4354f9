/* Preloaded, it counts what a process and its children hand to write(2) and how often they sync, file by file, in a
 * table that lies in the file named by COUNT_FILE. Sockets and pipes are not counted. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

#define ROWS 128

struct row {
    char name[232];
    uint64_t bytes, writes, syncs;
};

static struct row *rows(void) {
    static struct row *table;
    if (table) return table;
    const char *path = getenv("COUNT_FILE");
    int file = path ? open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
    if (file < 0 || ftruncate(file, ROWS * sizeof(struct row))) return NULL;
    void *mapped = mmap(NULL, ROWS * sizeof(struct row), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
    close(file);
    return table = mapped == MAP_FAILED ? NULL : mapped;
}

static void count(int file, uint64_t bytes, int is_sync) {
    static volatile int lock;
    char link[64], name[232];
    struct row *row = rows();
    if (!row) return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name - 1);
    if (length <= 0 || name[0] != '/') return;
    name[length] = 0;
    while (__sync_lock_test_and_set(&lock, 1)) {}
    for (int n = 0; n < ROWS; n++, row++) {
        if (!row->name[0]) strcpy(row->name, name);
        if (!strcmp(row->name, name)) {
            row->bytes += bytes;
            row->writes += !is_sync;
            row->syncs += is_sync;
            break;
        }
    }
    __sync_lock_release(&lock);
}

static ssize_t counted(int file, ssize_t done) {
    if (done > 0) count(file, (uint64_t)done, 0);
    return done;
}

ssize_t write(int file, const void *bytes, size_t size) { return counted(file, syscall(SYS_write, file, bytes, size)); }

ssize_t writev(int file, const struct iovec *parts, int many) {
    return counted(file, syscall(SYS_writev, file, parts, many));
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    return counted(file, syscall(SYS_pwrite64, file, bytes, size, at));
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) { return pwrite64(file, bytes, size, at); }

int fdatasync(int file) {
    count(file, 0, 1);
    return (int)syscall(SYS_fdatasync, file);
}

int fsync(int file) {
    count(file, 0, 1);
    return (int)syscall(SYS_fsync, file);
}
