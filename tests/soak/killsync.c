/* Preloaded, it is the plug that is pulled at a commit: it counts the syncs of every file whose name ends in KILL_FILE
 * (the write-ahead log, or the database that a checkpoint fills) and ends the process with SIGKILL at number KILL_AT:
 * `unwritten` before the first byte that this sync would cover is written, `before` the sync, `after` it. The first two
 * wait a moment, in which whoever was told too early can say so to the outside. */
#define _GNU_SOURCE
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int synced;

static int counts(int file) {
    const char *ending = getenv("KILL_FILE");
    char link[32], name[PATH_MAX];
    if (!ending) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, name, sizeof name);
    ssize_t tail = (ssize_t)strlen(ending);
    return length >= tail && !memcmp(name + length - tail, ending, (size_t)tail);
}

static void die_if(const char *now, int pause_us, int file) {
    const char *at = getenv("KILL_AT"), *when = getenv("KILL_WHEN");
    if (!at || !when || strcmp(when, now) || synced + 1 != atoi(at) || !counts(file)) return;
    if (pause_us) usleep((useconds_t)pause_us);
    kill(getpid(), SIGKILL);
}

static int sync_file(long call, int file) {
    die_if("before", 20000, file);
    int done = (int)syscall(call, file);
    die_if("after", 0, file);
    if (counts(file)) synced++;
    return done;
}

int fdatasync(int file) { return sync_file(SYS_fdatasync, file); }
int fsync(int file) { return sync_file(SYS_fsync, file); }

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    die_if("unwritten", 20000, file);
    return syscall(SYS_pwrite64, file, bytes, size, at);
}

ssize_t pwrite(int file, const void *bytes, size_t size, off_t at) { return pwrite64(file, bytes, size, at); }
