/* Preloaded into a process that writes below the directory GROUNDBREAK_SHIM_ROOT.
 *
 * With GROUNDBREAK_SHIM_LOG it appends to that file what the process asked of the file system, in
 * the order it happened, so that the test can rebuild what a power cut leaves at any moment. What
 * is written to standard output is recorded too: there the process says what it was told to be
 * durable. `sync_file_range` is not here, because it makes nothing durable.
 *
 * While the file GROUNDBREAK_SHIM_HANG exists, every fdatasync below the root waits, as it does on
 * a disk that does not answer. While the file GROUNDBREAK_SHIM_FULL exists, no file below the root
 * grows, as on a full disk.
 *
 * A record: struct header, then the name, then the bytes. Operations:
 *   C created a file   D created a directory   R renamed ("from\0to")   U removed a name
 *   W wrote at an offset   T set the length   B began a sync   E ended it   A told on stdout
 *   X did something that this file does not know
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct header {
    uint8_t op;
    uint8_t unused[3];
    uint32_t name_len;
    uint64_t inode;
    uint64_t at;
    uint64_t len;
};

static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;
static const char *root;
static size_t root_len;
static const char *hang_file;
static const char *full_file;
static uint64_t syncs;

#define REAL(result, name, ...)                                                                    \
    static result (*real_##name)(__VA_ARGS__);                                                     \
    if (!real_##name) real_##name = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    REAL(int, open, const char *, int, ...);
    const char *log = getenv("GROUNDBREAK_SHIM_LOG");
    root = getenv("GROUNDBREAK_SHIM_ROOT");
    root_len = root ? strlen(root) : 0;
    hang_file = getenv("GROUNDBREAK_SHIM_HANG");
    full_file = getenv("GROUNDBREAK_SHIM_FULL");
    if (root && log) log_fd = real_open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    /* Operations of one process follow those of the one before. */
    syncs = (uint64_t)getpid() << 32;
}

/* Whatever other threads still do is neither done nor recorded. */
__attribute__((destructor)) static void end(void) {
    if (log_fd >= 0) pthread_mutex_lock(&turn);
}

static void put(const void *bytes, size_t len) {
    REAL(ssize_t, write, int, const void *, size_t);
    const char *at = bytes;
    while (len > 0) {
        ssize_t done = real_write(log_fd, at, len);
        if (done <= 0) abort();
        at += done;
        len -= (size_t)done;
    }
}

static void record(char op, uint64_t inode, uint64_t at, const char *name, size_t name_len,
                   const void *bytes, size_t len) {
    if (log_fd < 0) return;
    int before = errno;
    struct header header = {.op = (uint8_t)op, .name_len = (uint32_t)name_len, .inode = inode,
                            .at = at, .len = len};
    put(&header, sizeof header);
    put(name, name_len);
    put(bytes, len);
    errno = before;
}

/* The name below the root, or NULL. */
static const char *below(const char *path) {
    if (!root || strncmp(path, root, root_len) != 0) return NULL;
    if (path[root_len] == 0) return path + root_len;
    return path[root_len] == '/' ? path + root_len + 1 : NULL;
}

static int ours(int fd, char *path, size_t size, struct stat *found) {
    char link[64];
    int before = errno;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, path, size - 1);
    int is = 0;
    if (len > 0) {
        path[len] = 0;
        is = below(path) != NULL && fstat(fd, found) == 0;
    }
    errno = before;
    return is;
}

static int full(const struct stat *found, off_t end) {
    return full_file && end > found->st_size && access(full_file, F_OK) == 0;
}

static int opened(int fd, int flags, int existed) {
    char path[4096];
    struct stat found;
    if (fd < 0 || !ours(fd, path, sizeof path, &found) || !S_ISREG(found.st_mode)) return fd;
    const char *name = below(path);
    if (!existed)
        record('C', found.st_ino, 0, name, strlen(name), NULL, 0);
    else if (flags & O_TRUNC)
        record('T', found.st_ino, 0, NULL, 0, NULL, 0);
    return fd;
}

#define OPENS(name)                                                                                \
    int name(const char *path, int flags, ...) {                                                   \
        REAL(int, name, const char *, int, ...);                                                   \
        va_list rest;                                                                              \
        va_start(rest, flags);                                                                     \
        mode_t mode = (flags & (O_CREAT | O_TMPFILE)) ? va_arg(rest, mode_t) : 0;                  \
        va_end(rest);                                                                              \
        if (!(flags & (O_CREAT | O_TRUNC))) return real_##name(path, flags, mode);                 \
        pthread_mutex_lock(&turn);                                                                 \
        int existed = access(path, F_OK) == 0;                                                     \
        int fd;                                                                                    \
        if (!existed && below(path) && full_file && access(full_file, F_OK) == 0) {                \
            errno = ENOSPC;                                                                        \
            fd = -1;                                                                               \
        } else {                                                                                   \
            fd = opened(real_##name(path, flags, mode), flags, existed);                           \
        }                                                                                          \
        pthread_mutex_unlock(&turn);                                                               \
        return fd;                                                                                 \
    }
OPENS(open)
OPENS(open64)

static ssize_t wrote(int fd, const struct stat *found, ssize_t done, off_t at, const void *bytes) {
    (void)fd;
    if (done > 0) record('W', found->st_ino, (uint64_t)at, NULL, 0, bytes, (size_t)done);
    return done;
}

#define PWRITES(name, offset)                                                                      \
    ssize_t name(int fd, const void *bytes, size_t len, offset at) {                               \
        REAL(ssize_t, name, int, const void *, size_t, offset);                                    \
        char path[4096];                                                                           \
        struct stat found;                                                                         \
        pthread_mutex_lock(&turn);                                                                 \
        ssize_t done;                                                                              \
        if (!ours(fd, path, sizeof path, &found)) {                                                \
            done = real_##name(fd, bytes, len, at);                                                \
        } else if (full(&found, at + (off_t)len)) {                                                \
            errno = ENOSPC;                                                                        \
            done = -1;                                                                             \
        } else {                                                                                   \
            done = wrote(fd, &found, real_##name(fd, bytes, len, at), at, bytes);                  \
        }                                                                                          \
        pthread_mutex_unlock(&turn);                                                               \
        return done;                                                                               \
    }
PWRITES(pwrite, off_t)
PWRITES(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t len) {
    REAL(ssize_t, write, int, const void *, size_t);
    char path[4096];
    struct stat found;
    pthread_mutex_lock(&turn);
    ssize_t done;
    if (fd == STDOUT_FILENO) {
        done = real_write(fd, bytes, len);
        if (done > 0) record('A', 0, 0, NULL, 0, bytes, (size_t)done);
    } else if (!ours(fd, path, sizeof path, &found) || !S_ISREG(found.st_mode)) {
        done = real_write(fd, bytes, len);
    } else {
        int appends = fcntl(fd, F_GETFL) & O_APPEND;
        off_t at = appends ? found.st_size : lseek(fd, 0, SEEK_CUR);
        if (full(&found, at + (off_t)len)) {
            errno = ENOSPC;
            done = -1;
        } else {
            done = wrote(fd, &found, real_write(fd, bytes, len), at, bytes);
        }
    }
    pthread_mutex_unlock(&turn);
    return done;
}

#define TRUNCATES(name, offset)                                                                    \
    int name(int fd, offset len) {                                                                 \
        REAL(int, name, int, offset);                                                              \
        char path[4096];                                                                           \
        struct stat found;                                                                         \
        pthread_mutex_lock(&turn);                                                                 \
        int known = ours(fd, path, sizeof path, &found);                                           \
        int done = real_##name(fd, len);                                                           \
        if (known && done == 0) record('T', found.st_ino, (uint64_t)len, NULL, 0, NULL, 0);        \
        pthread_mutex_unlock(&turn);                                                               \
        return done;                                                                               \
    }
TRUNCATES(ftruncate, off_t)
TRUNCATES(ftruncate64, off64_t)

static int synced(int fd, int (*sync)(int), int waits) {
    char path[4096];
    struct stat found;
    if (!ours(fd, path, sizeof path, &found)) return sync(fd);
    pthread_mutex_lock(&turn);
    uint64_t number = syncs++;
    record('B', found.st_ino, number, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    while (waits && hang_file && access(hang_file, F_OK) == 0) usleep(10000);
    int done = sync(fd);
    pthread_mutex_lock(&turn);
    if (done == 0) record('E', found.st_ino, number, NULL, 0, NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

int fsync(int fd) {
    REAL(int, fsync, int);
    return synced(fd, real_fsync, 0);
}

int fdatasync(int fd) {
    REAL(int, fdatasync, int);
    return synced(fd, real_fdatasync, 1);
}

int rename(const char *from, const char *to) {
    REAL(int, rename, const char *, const char *);
    pthread_mutex_lock(&turn);
    int done = real_rename(from, to);
    const char *from_name = below(from), *to_name = below(to);
    if (done == 0 && from_name && to_name) {
        char names[8192];
        int len = snprintf(names, sizeof names, "%s%c%s", from_name, 0, to_name);
        record('R', 0, 0, names, (size_t)len, NULL, 0);
    }
    pthread_mutex_unlock(&turn);
    return done;
}

static void removed(int done, const char *path) {
    const char *name = below(path);
    if (done == 0 && name) record('U', 0, 0, name, strlen(name), NULL, 0);
}

int unlink(const char *path) {
    REAL(int, unlink, const char *);
    pthread_mutex_lock(&turn);
    int done = real_unlink(path);
    removed(done, path);
    pthread_mutex_unlock(&turn);
    return done;
}

int mkdir(const char *path, mode_t mode) {
    REAL(int, mkdir, const char *, mode_t);
    pthread_mutex_lock(&turn);
    int done = real_mkdir(path, mode);
    const char *name = below(path);
    struct stat found;
    if (done == 0 && name && stat(path, &found) == 0)
        record('D', found.st_ino, 0, name, strlen(name), NULL, 0);
    pthread_mutex_unlock(&turn);
    return done;
}

static void unknown(int fd, const char *what) {
    char path[4096];
    struct stat found;
    pthread_mutex_lock(&turn);
    if (fd < 0 || ours(fd, path, sizeof path, &found)) record('X', 0, 0, what, strlen(what), NULL, 0);
    pthread_mutex_unlock(&turn);
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
    REAL(ssize_t, writev, int, const struct iovec *, int);
    unknown(fd, "writev");
    return real_writev(fd, parts, count);
}

ssize_t pwritev(int fd, const struct iovec *parts, int count, off_t at) {
    REAL(ssize_t, pwritev, int, const struct iovec *, int, off_t);
    unknown(fd, "pwritev");
    return real_pwritev(fd, parts, count, at);
}

int fallocate64(int fd, int mode, off64_t at, off64_t len) {
    REAL(int, fallocate64, int, int, off64_t, off64_t);
    unknown(fd, "fallocate");
    return real_fallocate64(fd, mode, at, len);
}

int posix_fallocate64(int fd, off64_t at, off64_t len) {
    REAL(int, posix_fallocate64, int, off64_t, off64_t);
    unknown(fd, "posix_fallocate");
    return real_posix_fallocate64(fd, at, len);
}
