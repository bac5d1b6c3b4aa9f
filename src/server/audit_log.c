#include "server/audit_log.h"

#include "base/log.h"
#include "base/task.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* What may wait: some seconds of a busy server. If strict, requests are refused from the first on, and the lines of
 * those that ran already must still fit. */
#define QUEUE_BYTES_REFUSE (8u << 20)
#define QUEUE_BYTES_MAX    (16u << 20)
#define QUEUE_BYTES_STRICT (256u << 20)
/* Pipes and terminals take this much without blocking, once they say that they are writable (pipe(7)). */
#define PIECE_BYTES 4096u
#define POLL_MS     50
/* Between two tries while nothing can be written, and how long the end waits for somebody who does not read. */
#define AGAIN_MS 200
#define STOP_MS  3000
/* Between two words about lost lines. */
#define SAY_MS 10000

struct block {
    struct task task; /* first; in the queue */
    struct buffer lines;
    unsigned count;
};

struct audit_log {
    struct audit_log_options options;
    struct audit sink;
    int fd;
    bool is_file; /* a regular one */
    pthread_t thread;

    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct task_list queue; /* under lock, and the three below */
    bool reopens, stopping;
    struct timespec stop_at; /* when to give up, once it stops */

    atomic_size_t queue_bytes; /* of the queue and of what the thread has in hand */
    atomic_bool failing;       /* the last write failed */
    atomic_uint_fast64_t lost_lines;
    struct metric written_lines, failures; /* the thread's */
    uint64_t lost_said;                    /* lines of whose loss somebody was told; the thread's, as the next */
    struct timespec say_again;             /* not before */
};

/* --- loops ---------------------------------------------------------------------------------------------------------
 */

static void take(void *context, struct buffer *lines, unsigned count)
{
    struct audit_log *log = context;
    size_t max = log->options.strict ? QUEUE_BYTES_STRICT : QUEUE_BYTES_MAX;
    size_t before = atomic_fetch_add_explicit(&log->queue_bytes, lines->len, memory_order_relaxed);
    if (before + lines->len > max) {
        atomic_fetch_sub_explicit(&log->queue_bytes, lines->len, memory_order_relaxed);
        atomic_fetch_add_explicit(&log->lost_lines, count, memory_order_relaxed);
        buffer_clear(lines);
        return;
    }
    struct block *block = malloc(sizeof *block);
    if (block == NULL) {
        abort();
    }
    *block = (struct block){.lines = *lines, .count = count};
    *lines = (struct buffer){0};
    pthread_mutex_lock(&log->lock);
    bool was_empty = log->queue.first == NULL;
    task_list_append(&log->queue, &block->task);
    pthread_mutex_unlock(&log->lock);
    if (was_empty) {
        pthread_cond_signal(&log->changed);
    }
}

static bool is_blocked(void *context)
{
    struct audit_log *log = context;
    return atomic_load_explicit(&log->failing, memory_order_relaxed) ||
           atomic_load_explicit(&log->queue_bytes, memory_order_relaxed) > QUEUE_BYTES_REFUSE;
}

/* --- the file ------------------------------------------------------------------------------------------------------
 */

static int open_file(const struct audit_log_options *options, int *ret_fd, bool *ret_is_file, struct err *err)
{
    struct stat status;
    int fd;
    if (strcmp(options->path, "-") == 0) {
        fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    } else {
        /* a FIFO that nobody has opened for reading yet would hold us up, unless it is opened for both */
        bool is_pipe = stat(options->path, &status) == 0 && S_ISFIFO(status.st_mode);
        fd = open(options->path, (is_pipe ? O_RDWR : O_WRONLY) | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
    }
    if (fd < 0 || fstat(fd, &status) != 0) {
        err_set(err, "cannot open the audit log %s: %s", options->path, strerror(errno));
        if (fd >= 0) {
            close(fd);
        }
        return -1;
    }
    *ret_fd = fd;
    *ret_is_file = S_ISREG(status.st_mode);
    return 0;
}

static void reopen(struct audit_log *log)
{
    struct err err;
    int fd;
    if (open_file(&log->options, &fd, &log->is_file, &err) != 0) {
        log_error("%s; the old one is written on", err.text);
        return;
    }
    close(log->fd);
    log->fd = fd;
    log_info("the audit log %s was opened anew", log->options.path);
}

/* Writes some of the bytes. 0: the reader takes nothing at the moment; -1: failed, see errno. */
static ssize_t write_some(struct audit_log *log, struct slice bytes)
{
    if (!log->is_file) {
        struct pollfd poll_fd = {.fd = log->fd, .events = POLLOUT};
        int ready = poll(&poll_fd, 1, POLL_MS);
        if (ready <= 0) {
            return ready == 0 || errno == EINTR ? 0 : -1;
        }
        bytes.len = bytes.len < PIECE_BYTES ? bytes.len : PIECE_BYTES;
    }
    ssize_t written = write(log->fd, bytes.data, bytes.len);
    return written < 0 && (errno == EINTR || errno == EAGAIN) ? 0 : written;
}

/* --- the thread ----------------------------------------------------------------------------------------------------
 */

static struct timespec time_after(unsigned ms)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t ns = (uint64_t)time.tv_nsec + ms * 1000000ull;
    time.tv_sec += (time_t)(ns / 1000000000);
    time.tv_nsec = (long)(ns % 1000000000);
    return time;
}

static bool is_over(const struct timespec *deadline)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline->tv_sec || (now.tv_sec == deadline->tv_sec && now.tv_nsec >= deadline->tv_nsec);
}

static void say_lost(struct audit_log *log)
{
    uint64_t lost = atomic_load_explicit(&log->lost_lines, memory_order_relaxed);
    if (lost != log->lost_said && is_over(&log->say_again)) {
        log_error("%lu lines of the audit log were lost", (unsigned long)(lost - log->lost_said));
        log->lost_said = lost;
        log->say_again = time_after(SAY_MS);
    }
}

static void note_failure(struct audit_log *log)
{
    metric_add(&log->failures, 1);
    if (!atomic_exchange(&log->failing, true)) {
        log_error("the audit log %s cannot be written: %s; %s", log->options.path, strerror(errno),
                  log->options.strict ? "requests are refused" : "what waits for it has a ceiling");
    }
}

static void note_success(struct audit_log *log)
{
    if (atomic_load_explicit(&log->failing, memory_order_relaxed)) {
        atomic_store(&log->failing, false);
        log_info("the audit log %s can be written again", log->options.path);
    }
}

/* What stands half written at the end of a file is taken back, so that every line is whole. Returns where the whole
 * lines end. */
static size_t take_back(struct audit_log *log, struct slice written)
{
    const char *last = written.len != 0 ? memrchr(written.data, '\n', written.len) : NULL;
    size_t whole = last != NULL ? (size_t)(last - written.data) + 1 : 0, torn = written.len - whole;
    struct stat status;
    if (torn != 0 && log->is_file && fstat(log->fd, &status) == 0 &&
        ftruncate(log->fd, status.st_size - (off_t)torn) != 0) {
        log_error("a line of the audit log was cut: %s", strerror(errno));
    }
    return whole;
}

/* Between two tries. Opens the file anew if that was asked for: on another disk it may go on. False: the log stops, and
 * has tried for long enough. */
static bool pause_and_look(struct audit_log *log, unsigned ms, bool may_reopen)
{
    struct timespec until = time_after(ms);
    pthread_mutex_lock(&log->lock);
    while (ms > 0 && !(log->reopens && may_reopen) && !log->stopping &&
           pthread_cond_timedwait(&log->changed, &log->lock, &until) == 0) {
    }
    bool reopens = log->reopens && may_reopen;
    bool gives_up = log->stopping && is_over(&log->stop_at);
    log->reopens = log->reopens && !reopens;
    pthread_mutex_unlock(&log->lock);
    if (reopens) {
        reopen(log);
    }
    return !gives_up;
}

static unsigned count_lines(struct slice bytes)
{
    unsigned count = 0;
    for (size_t i = 0; i < bytes.len; i++) {
        count += bytes.data[i] == '\n';
    }
    return count;
}

/* Writes the block, however long it takes, unless the log stops; and frees it. */
static void write_block(struct audit_log *log, struct block *block)
{
    struct slice lines = buffer_slice(&block->lines);
    size_t done = 0;
    for (bool goes_on = true; done < lines.len && goes_on;) {
        ssize_t written = write_some(log, slice_of(lines.data + done, lines.len - done));
        if (written > 0) {
            done += (size_t)written;
            note_success(log);
        } else if (written < 0) {
            note_failure(log);
            done = take_back(log, slice_of(lines.data, done));
            goes_on = pause_and_look(log, AGAIN_MS, true);
        } else {
            goes_on = pause_and_look(log, 0, done == 0 || lines.data[done - 1] == '\n');
        }
        say_lost(log);
    }
    unsigned whole = done == lines.len ? block->count : count_lines(slice_of(lines.data, done));
    metric_add(&log->written_lines, whole);
    atomic_fetch_add_explicit(&log->lost_lines, block->count - whole, memory_order_relaxed);
    atomic_fetch_sub_explicit(&log->queue_bytes, lines.len, memory_order_relaxed);
    buffer_finish(&block->lines);
    free(block);
}

/* What waits; sleeps while there is nothing. False: the log stops, and nothing waits. */
static bool take_all(struct audit_log *log, struct task_list *ret_list, bool *ret_reopens)
{
    pthread_mutex_lock(&log->lock);
    while (log->queue.first == NULL && !log->reopens && !log->stopping) {
        pthread_cond_wait(&log->changed, &log->lock);
    }
    task_list_join(ret_list, &log->queue);
    *ret_reopens = log->reopens;
    log->reopens = false;
    pthread_mutex_unlock(&log->lock);
    return ret_list->first != NULL || *ret_reopens;
}

static void *run(void *context)
{
    struct audit_log *log = context;
    pthread_setname_np(pthread_self(), "audit");
    struct task_list list = {0};
    bool reopens;
    while (take_all(log, &list, &reopens)) {
        if (reopens) {
            reopen(log);
        }
        for (struct task *task; (task = task_list_pop(&list)) != NULL;) {
            write_block(log, (struct block *)task);
        }
    }
    log->say_again = (struct timespec){0};
    say_lost(log);
    return NULL;
}

/* --- from outside --------------------------------------------------------------------------------------------------
 */

int audit_log_start(const struct audit_log_options *options, struct audit_log **ret_log, struct err *err)
{
    struct audit_log *log = calloc(1, sizeof *log);
    if (log == NULL) {
        abort();
    }
    log->options = *options;
    log->sink = (struct audit){
        .level = options->level, .take = take, .is_blocked = options->strict ? is_blocked : NULL, .context = log};
    if (open_file(options, &log->fd, &log->is_file, err) != 0) {
        free(log);
        return -1;
    }
    pthread_mutex_init(&log->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&log->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&log->thread, NULL, run, log) != 0) {
        abort(); /* at start: the machine is unusable */
    }
    *ret_log = log;
    return 0;
}

const struct audit *audit_log_sink(const struct audit_log *log)
{
    return &log->sink;
}

void audit_log_reopen(struct audit_log *log)
{
    if (strcmp(log->options.path, "-") == 0) {
        return;
    }
    pthread_mutex_lock(&log->lock);
    log->reopens = true;
    pthread_mutex_unlock(&log->lock);
    pthread_cond_signal(&log->changed);
}

void audit_log_stop(struct audit_log *log)
{
    if (log == NULL) {
        return;
    }
    pthread_mutex_lock(&log->lock);
    log->stopping = true;
    log->stop_at = time_after(STOP_MS);
    pthread_mutex_unlock(&log->lock);
    pthread_cond_signal(&log->changed);
    pthread_join(log->thread, NULL);
    close(log->fd);
    pthread_cond_destroy(&log->changed);
    pthread_mutex_destroy(&log->lock);
    free(log);
}

void audit_log_stats(const struct audit_log *log, struct audit_log_stats *ret_stats)
{
    *ret_stats = (struct audit_log_stats){
        .written_lines = metric_read(&log->written_lines),
        .lost_lines = atomic_load(&log->lost_lines),
        .failures = metric_read(&log->failures),
        .queue_bytes = atomic_load(&log->queue_bytes),
    };
}
