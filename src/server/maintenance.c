#include "server/maintenance.h"

#include "cluster/cluster.h"

#include <stdlib.h>
#include <time.h>

/* A step is asked for at least this often. */
#define PAUSE_US_MAX 1000000u

struct maintenance {
    struct cluster *cluster;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool stopping;
};

static struct timespec time_after(uint64_t us)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    uint64_t ns = (uint64_t)time.tv_nsec + us * 1000;
    time.tv_sec += (time_t)(ns / 1000000000);
    time.tv_nsec = (long)(ns % 1000000000);
    return time;
}

static void *run(void *context)
{
    struct maintenance *maintenance = context;
    pthread_setname_np(pthread_self(), "maintenance");
    pthread_mutex_lock(&maintenance->lock);
    while (!maintenance->stopping) {
        pthread_mutex_unlock(&maintenance->lock);
        uint64_t pause_us = cluster_step(maintenance->cluster);
        struct timespec until = time_after(pause_us < PAUSE_US_MAX ? pause_us : PAUSE_US_MAX);
        pthread_mutex_lock(&maintenance->lock);
        while (!maintenance->stopping &&
               pthread_cond_timedwait(&maintenance->changed, &maintenance->lock, &until) == 0) {
        }
    }
    pthread_mutex_unlock(&maintenance->lock);
    return NULL;
}

struct maintenance *maintenance_start(struct cluster *cluster)
{
    struct maintenance *maintenance = calloc(1, sizeof *maintenance);
    if (maintenance == NULL) {
        abort();
    }
    maintenance->cluster = cluster;
    pthread_mutex_init(&maintenance->lock, NULL);
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&maintenance->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    if (pthread_create(&maintenance->thread, NULL, run, maintenance) != 0) {
        abort(); /* at start: the machine is unusable */
    }
    return maintenance;
}

void maintenance_stop(struct maintenance *maintenance)
{
    if (maintenance == NULL) {
        return;
    }
    pthread_mutex_lock(&maintenance->lock);
    maintenance->stopping = true;
    pthread_cond_signal(&maintenance->changed);
    pthread_mutex_unlock(&maintenance->lock);
    pthread_join(maintenance->thread, NULL);
    pthread_cond_destroy(&maintenance->changed);
    pthread_mutex_destroy(&maintenance->lock);
    free(maintenance);
}
