/* Preloaded, it makes every fsync and fdatasync take SLOWSYNC_US microseconds longer, as on a memory card. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

static void wait_for_the_card(void) {
    const char *wanted = getenv("SLOWSYNC_US");
    long us = wanted ? atol(wanted) : 0;
    struct timespec pause = {us / 1000000, us % 1000000 * 1000};
    if (us > 0) nanosleep(&pause, NULL);
}

int fsync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fsync");
    wait_for_the_card();
    return real(file);
}

int fdatasync(int file) {
    int (*real)(int) = (int (*)(int))dlsym(RTLD_NEXT, "fdatasync");
    wait_for_the_card();
    return real(file);
}
