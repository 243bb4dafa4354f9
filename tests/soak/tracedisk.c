/* Preloaded, it is the witness of a power cut: it notes in TRACE_FILE, in the order in which things happen, what the
 * daemon does to the files of TRACE_DIR and what it hears and says on sockets. A record: one letter, three numbers
 * (descriptor, place, length), the bytes.
 * 'O' opened as this path, 'W' written, 'T' cut to this length, 'B' a sync begins, 'D' that sync is over and true, 'U' and
 * 'N' unlinked and renamed, 'C' closed, 'A' a socket is new, 'R' heard. 'S' is noted before it is said, so that what
 * stands before it was done before.
 * One lock around doing and noting makes the order true; only syncs run beside it, between their 'B' and their 'D'. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static pthread_mutex_t order = PTHREAD_MUTEX_INITIALIZER;
static char watched[65536]; /* by descriptor */

static void note(char what, int file, long long at, const void *bytes, size_t size) {
    static int log = -1;
    if (log < 0) {
        const char *path = getenv("TRACE_FILE");
        if (!path) return;
        log = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    }
    char head[17] = {what};
    int length = (int)size;
    memcpy(head + 1, &file, 4);
    memcpy(head + 5, &at, 8);
    memcpy(head + 13, &length, 4);
    struct iovec parts[2] = {{head, sizeof head}, {(void *)bytes, size}};
    syscall(SYS_writev, log, parts, 2);
}

static int ours(const char *path) {
    const char *folder = getenv("TRACE_DIR");
    return folder && !strncmp(path, folder, strlen(folder)) && !strstr(path, "-shm");
}

static int opened(int file, const char *path, int flags) {
    if (file < 0 || file >= (int)sizeof watched) return file;
    char whole[PATH_MAX];
    watched[file] = realpath(path, whole) && ours(whole);
    if (watched[file]) {
        pthread_mutex_lock(&order);
        note('O', file, flags & O_TRUNC ? 1 : 0, whole, strlen(whole));
        pthread_mutex_unlock(&order);
    }
    return file;
}

static int open_and_note(int folder, const char *path, int flags, int mode) {
    return opened((int)syscall(SYS_openat, folder, path, flags, mode), path, flags);
}

int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return open_and_note(AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    int mode = va_arg(rest, int);
    va_end(rest);
    return open_and_note(AT_FDCWD, path, flags, mode);
}

int close(int file) {
    if (file >= 0 && file < (int)sizeof watched && watched[file]) {
        watched[file] = 0;
        pthread_mutex_lock(&order);
        note('C', file, 0, "", 0);
        pthread_mutex_unlock(&order);
    }
    return (int)syscall(SYS_close, file);
}

static int watching(int file) { return file >= 0 && file < (int)sizeof watched && watched[file]; }

static int sync_file(long call, int file) {
    if (!watching(file)) return (int)syscall(call, file);
    pthread_mutex_lock(&order);
    note('B', file, 0, "", 0);
    pthread_mutex_unlock(&order);
    int done = (int)syscall(call, file);
    pthread_mutex_lock(&order);
    if (!done) note('D', file, 0, "", 0);
    pthread_mutex_unlock(&order);
    return done;
}

int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }
int fsync(int file) { return sync_file(SYS_fsync, file); }

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    if (!watching(file)) return syscall(SYS_pwrite64, file, bytes, size, at);
    pthread_mutex_lock(&order);
    ssize_t done = syscall(SYS_pwrite64, file, bytes, size, at);
    if (done > 0) note('W', file, at, bytes, (size_t)done);
    pthread_mutex_unlock(&order);
    return done;
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) { return pwrite64(file, bytes, size, at); }

ssize_t write(int file, const void *bytes, size_t size) {
    if (!watching(file)) return syscall(SYS_write, file, bytes, size);
    pthread_mutex_lock(&order);
    long long at = syscall(SYS_lseek, file, 0, SEEK_CUR);
    ssize_t done = syscall(SYS_write, file, bytes, size);
    if (done > 0) note('W', file, at, bytes, (size_t)done);
    pthread_mutex_unlock(&order);
    return done;
}

/* A copy inside the kernel would pass us by: whoever asks for one is told to read and write. */
ssize_t sendfile64(int out, int in, off64_t *at, size_t size) {
    if (!watching(out)) return syscall(SYS_sendfile, out, in, at, size);
    errno = ENOTSOCK;
    return -1;
}

ssize_t sendfile(int out, int in, off_t *at, size_t size) { return sendfile64(out, in, at, size); }

int ftruncate64(int file, off64_t size) {
    if (!watching(file)) return (int)syscall(SYS_ftruncate, file, size);
    pthread_mutex_lock(&order);
    int done = (int)syscall(SYS_ftruncate, file, size);
    if (!done) note('T', file, size, "", 0);
    pthread_mutex_unlock(&order);
    return done;
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int unlink(const char *path) {
    char whole[PATH_MAX];
    int seen = realpath(path, whole) && ours(whole);
    pthread_mutex_lock(&order);
    int done = (int)syscall(SYS_unlink, path), why = errno;
    if (!done && seen) note('U', -1, 0, whole, strlen(whole));
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int rename(const char *from, const char *to) {
    char both[2 * PATH_MAX + 2], whole[PATH_MAX];
    int seen = realpath(from, whole) && ours(whole);
    size_t first = strlen(whole) + 1;
    memcpy(both, seen ? whole : "", seen ? first : 1);
    pthread_mutex_lock(&order);
    int done = (int)syscall(SYS_rename, from, to), why = errno;
    if (!done && seen && realpath(to, whole)) {
        memcpy(both + first, whole, strlen(whole));
        note('N', -1, 0, both, first + strlen(whole));
    }
    pthread_mutex_unlock(&order);
    errno = why;
    return done;
}

int accept4(int file, struct sockaddr *from, socklen_t *size, int flags) {
    int done = (int)syscall(SYS_accept4, file, from, size, flags);
    if (done >= 0) note('A', done, 0, "", 0);
    return done;
}

ssize_t send(int file, const void *bytes, size_t size, int flags) {
    pthread_mutex_lock(&order);
    note('S', file, 0, bytes, size);
    pthread_mutex_unlock(&order);
    return syscall(SYS_sendto, file, bytes, size, flags, NULL, 0);
}

ssize_t recv(int file, void *bytes, size_t size, int flags) {
    ssize_t done = syscall(SYS_recvfrom, file, bytes, size, flags, NULL, NULL);
    if (done > 0) {
        pthread_mutex_lock(&order);
        note('R', file, 0, bytes, (size_t)done);
        pthread_mutex_unlock(&order);
    }
    return done;
}
