/* A closed loop sends on a connection as soon as it has its answer. An open loop sends request number n at n / rate,
 * whatever the answers take: if no connection is free then, the request waits, and its latency counts the waiting.
 *
 * Each thread has its own connections, its own randomness and its own result; at the end they are added. */
#include "bench/run.h"

#include "base/env.h"
#include "bench/answers.h"
#include "bench/progress.h"
#include "bench/requests.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_US 10000000
/* How long a thread sleeps at most when nothing comes. */
#define WAIT_MS 5
/* The open loop looks for requests that are due at least this often, and not much more often. */
#define TICK_US_MIN 50
#define TICK_US_MAX 1000

/* What all threads share. */
struct run {
    const struct bench_options *options;
    const struct client_address *address;
    uint64_t start_us, measure_us, end_us;
    _Atomic uint64_t inserted;
};

/* A connection and the request it is busy with. */
struct lane {
    struct worker *worker;
    struct connection *connection;
    enum operation operation;
    uint64_t item;
    uint64_t since_us;       /* when it was sent or, in an open loop, due */
    bool second;             /* OPERATION_MODIFY: the update */
    struct buffer start_key; /* OPERATION_SCAN: where the next page begins */
    struct lane *next_free;
};

struct worker {
    struct run *run;
    pthread_t thread;
    struct client *client;
    struct requests requests;
    struct random random;
    struct zipfian zipfian;
    struct buffer body;
    struct lane *lanes, *free_lanes;
    unsigned lane_count, in_flight;
    double rate; /* 0: a closed loop */
    uint64_t sent;
    bool measuring;
    uint64_t last_answer_us;
    double cpu_before;
    struct run_result result;
    int timer;
    _Atomic uint64_t answered; /* for the progress bar */
    char padding[64];          /* threads do not share a cache line */
};

/* --- what to send ------------------------------------------------------------------------------------------------ */

static uint64_t choose_item(struct worker *worker)
{
    const struct bench_options *options = worker->run->options;
    uint64_t items;
    switch (options->keys) {
    case KEYS_ZIPFIAN:
        return zipfian_next_scrambled(&worker->zipfian, &worker->random, options->items);
    case KEYS_LATEST:
        items = options->items + atomic_load_explicit(&worker->run->inserted, memory_order_relaxed);
        zipfian_grow(&worker->zipfian, items);
        return items - 1 - zipfian_next(&worker->zipfian, &worker->random) % items;
    case KEYS_HOT:
        return random_below(&worker->random, options->hot_items);
    case KEYS_UNIFORM:
    case KEYS_DEFAULT:
        break;
    }
    return random_below(&worker->random, options->items);
}

static void send_operation(struct lane *lane, enum operation operation)
{
    struct worker *worker = lane->worker;
    const char *name = operation == OPERATION_SCAN
                           ? requests_scan(&worker->requests, buffer_slice(&lane->start_key), &worker->body)
                           : requests_write(&worker->requests, operation, lane->item, &worker->body);
    connection_send(lane->connection, name, buffer_slice(&worker->body));
}

static void begin(struct lane *lane, uint64_t since_us)
{
    struct worker *worker = lane->worker;
    const struct workload *workload = worker->run->options->workload;
    lane->operation = workload_operation(workload, (unsigned)random_below(&worker->random, 100));
    lane->item =
        lane->operation == OPERATION_INSERT
            ? worker->run->options->items + atomic_fetch_add_explicit(&worker->run->inserted, 1, memory_order_relaxed)
            : choose_item(worker);
    lane->since_us = since_us;
    lane->second = false;
    worker->in_flight++;
    worker->sent++;
    send_operation(lane, lane->operation);
}

/* How many requests an open loop should have sent by now. */
static uint64_t due(const struct worker *worker, uint64_t now)
{
    uint64_t until = now < worker->run->end_us ? now : worker->run->end_us;
    return (uint64_t)((double)(until - worker->run->start_us) * worker->rate / 1e6);
}

/* The lane is free: it takes the next request, if one is due. */
static void proceed(struct lane *lane, uint64_t now)
{
    struct worker *worker = lane->worker;
    if (worker->rate == 0) {
        if (now < worker->run->end_us) {
            begin(lane, now);
        }
    } else if (worker->sent < due(worker, now)) {
        begin(lane, worker->run->start_us + (uint64_t)((double)worker->sent * 1e6 / worker->rate));
    } else {
        lane->next_free = worker->free_lanes;
        worker->free_lanes = lane;
    }
}

/* --- what came back ---------------------------------------------------------------------------------------------- */

static void count_error(struct run_result *result, enum operation operation, struct slice type, struct slice message,
                        uint64_t count)
{
    unsigned i = 0;
    result->error_count += count;
    while (
        i < result->error_kinds && i + 1 < ERROR_KINDS_MAX &&
        !(result->errors[i].operation == operation && slice_equal(type, slice_from_string(result->errors[i].type)))) {
        i++;
    }
    struct error_kind *kind = &result->errors[i];
    if (i == result->error_kinds) {
        result->error_kinds++;
        kind->operation = operation;
        snprintf(kind->type, sizeof kind->type, "%.*s", SLICE_ARG(type));
        snprintf(kind->message, sizeof kind->message, "%.*s", SLICE_ARG(message));
    }
    kind->count += count;
}

static void note_error(struct lane *lane, const struct client_answer *answer)
{
    struct worker *worker = lane->worker;
    char status[32];
    snprintf(status, sizeof status, "status %d", answer->status);
    struct slice type = answer->failure == NULL ? answer_error_type(answer->body) : slice_from_string(answer->failure);
    if (type.len == 0 || type.len >= sizeof worker->result.errors[0].type) {
        type =
            type.len == 0 ? slice_from_string(status) : slice_of(type.data, sizeof worker->result.errors[0].type - 1);
    }
    count_error(&worker->result, lane->operation, type, answer_error_message(answer->body), 1);
    buffer_clear(&lane->start_key);
}

static uint64_t items_in(struct lane *lane, struct slice body)
{
    if (lane->worker->run->options->raw) {
        return 0;
    }
    switch (lane->operation) {
    case OPERATION_SCAN:
        buffer_clear(&lane->start_key);
        buffer_append_slice(&lane->start_key, answer_object(body, SLICE("LastEvaluatedKey")));
        return answer_count(body);
    case OPERATION_QUERY:
    case OPERATION_RANGE:
        return answer_count(body);
    case OPERATION_TRANSACT:
        return 4;
    default:
        return 1;
    }
}

static void on_answer(struct connection *connection, const struct client_answer *answer, void *context)
{
    (void)connection;
    struct lane *lane = context;
    struct worker *worker = lane->worker;
    uint64_t now = env_monotonic_us();
    bool good = answer->failure == NULL && answer->status == 200;
    if (good && lane->operation == OPERATION_MODIFY && !lane->second) {
        lane->second = true;
        send_operation(lane, OPERATION_UPDATE);
        return;
    }
    worker->in_flight--;
    worker->last_answer_us = now;
    if (good) {
        struct operation_result *result = &worker->result.operations[lane->operation];
        histogram_add(&result->latency_us, now - lane->since_us);
        result->items += items_in(lane, answer->body);
    } else {
        note_error(lane, answer);
    }
    atomic_store_explicit(&worker->answered, worker->answered + 1, memory_order_relaxed);
    proceed(lane, now);
}

/* --- threads ----------------------------------------------------------------------------------------------------- */

static void on_tick(void *context)
{
    struct worker *worker = context;
    uint64_t ticks;
    if (read(worker->timer, &ticks, sizeof ticks) != sizeof ticks) {
        return; /* another turn saw it */
    }
    while (worker->free_lanes != NULL && worker->sent < due(worker, env_monotonic_us())) {
        struct lane *lane = worker->free_lanes;
        worker->free_lanes = lane->next_free;
        proceed(lane, env_monotonic_us());
    }
}

static void start_timer(struct worker *worker)
{
    double gap_us = 1e6 / worker->rate;
    long tick_us = gap_us < TICK_US_MIN ? TICK_US_MIN : gap_us > TICK_US_MAX ? TICK_US_MAX : (long)gap_us;
    struct timespec tick = {.tv_nsec = tick_us * 1000};
    worker->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (worker->timer < 0 || timerfd_settime(worker->timer, 0, &(struct itimerspec){tick, tick}, NULL) != 0) {
        abort();
    }
    client_watch(worker->client, worker->timer, on_tick, worker);
}

static double thread_cpu(void)
{
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* The warm-up is over: what it counted is forgotten. */
static void begin_measuring(struct worker *worker)
{
    worker->measuring = true;
    worker->cpu_before = thread_cpu();
    memset(&worker->result, 0, sizeof worker->result);
}

static void finish(struct worker *worker)
{
    struct run *run = worker->run;
    uint64_t until = worker->last_answer_us > run->end_us ? worker->last_answer_us : run->end_us;
    worker->result.seconds = (double)(until - run->measure_us) / 1e6;
    worker->result.cpu_seconds = thread_cpu() - worker->cpu_before;
    worker->result.unanswered = worker->in_flight;
    if (worker->rate != 0) {
        worker->result.unsent = due(worker, run->end_us) - worker->sent;
    }
}

static void loop(struct worker *worker)
{
    struct run *run = worker->run;
    for (;;) {
        client_run(worker->client, run->options->busy_poll ? 0 : WAIT_MS);
        uint64_t now = env_monotonic_us();
        if (!worker->measuring && now >= run->measure_us) {
            begin_measuring(worker);
        }
        bool drained = worker->in_flight == 0 || now >= run->end_us + DRAIN_US;
        if (now >= run->end_us && drained) {
            return;
        }
    }
}

static void *work(void *context)
{
    struct worker *worker = context;
    worker->client = client_create(worker->run->options, worker->run->address); /* here: h2o's buffers are a thread's */
    if (worker->rate != 0) {
        start_timer(worker);
    }
    for (unsigned i = 0; i < worker->lane_count; i++) {
        struct lane *lane = &worker->lanes[i];
        lane->connection = client_add_connection(worker->client, on_answer, lane);
        proceed(lane, env_monotonic_us());
    }
    loop(worker);
    finish(worker);
    client_destroy(worker->client);
    return NULL;
}

static void worker_init(struct worker *worker, struct run *run, unsigned index)
{
    const struct bench_options *options = run->options;
    uint64_t seed = (uint64_t)options->seed << 32 | index;
    worker->run = run;
    worker->lane_count = options->connections / options->threads + (index < options->connections % options->threads);
    worker->rate = (double)options->rate / options->threads;
    worker->random.state = fnv_hash(seed);
    requests_init(&worker->requests, options, fnv_hash(seed + 1));
    if (options->keys == KEYS_LATEST) {
        zipfian_init(&worker->zipfian, options->items);
    } else {
        zipfian_init_scrambled(&worker->zipfian);
    }
    worker->lanes = calloc(worker->lane_count, sizeof *worker->lanes);
    if (worker->lanes == NULL) {
        abort();
    }
    for (unsigned i = 0; i < worker->lane_count; i++) {
        worker->lanes[i].worker = worker;
    }
}

static void worker_finish(struct worker *worker)
{
    for (unsigned i = 0; i < worker->lane_count; i++) {
        buffer_finish(&worker->lanes[i].start_key);
    }
    free(worker->lanes);
    requests_finish(&worker->requests);
    buffer_finish(&worker->body);
}

static void add_result(struct run_result *to, const struct run_result *from)
{
    for (int i = 0; i < OPERATIONS; i++) {
        histogram_merge(&to->operations[i].latency_us, &from->operations[i].latency_us);
        to->operations[i].items += from->operations[i].items;
    }
    for (unsigned i = 0; i < from->error_kinds; i++) {
        const struct error_kind *kind = &from->errors[i];
        count_error(to, kind->operation, slice_from_string(kind->type), slice_from_string(kind->message), kind->count);
    }
    to->unsent += from->unsent;
    to->unanswered += from->unanswered;
    to->cpu_seconds += from->cpu_seconds;
    to->seconds = from->seconds > to->seconds ? from->seconds : to->seconds;
}

static void show_progress(const struct run *run, struct worker *workers)
{
    struct progress progress;
    progress_start(&progress, run->options->workload->name, "requests");
    for (uint64_t now = run->start_us; now < run->end_us; now = env_monotonic_us()) {
        uint64_t answered = 0;
        for (unsigned i = 0; i < run->options->threads; i++) {
            answered += atomic_load_explicit(&workers[i].answered, memory_order_relaxed);
        }
        progress_show(&progress, (double)(now - run->start_us) / (double)(run->end_us - run->start_us), answered);
        uint64_t left = run->end_us - now, nap = left < 200000 ? left : 200000;
        nanosleep(&(struct timespec){.tv_nsec = (long)nap * 1000}, NULL);
    }
    progress_end(&progress);
}

void run_workload(const struct bench_options *options, const struct client_address *address,
                  struct run_result *ret_result)
{
    struct worker *workers = calloc(options->threads, sizeof *workers);
    if (workers == NULL) {
        abort();
    }
    struct run run = {.options = options, .address = address};
    for (unsigned i = 0; i < options->threads; i++) {
        worker_init(&workers[i], &run, i);
    }
    run.start_us = env_monotonic_us();
    run.measure_us = run.start_us + options->warmup_seconds * UINT64_C(1000000);
    run.end_us = run.measure_us + options->seconds * UINT64_C(1000000);
    for (unsigned i = 0; i < options->threads; i++) {
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0) {
            abort();
        }
    }
    show_progress(&run, workers);
    memset(ret_result, 0, sizeof *ret_result);
    for (unsigned i = 0; i < options->threads; i++) {
        pthread_join(workers[i].thread, NULL);
        add_result(ret_result, &workers[i].result);
        worker_finish(&workers[i]);
    }
    free(workers);
}
