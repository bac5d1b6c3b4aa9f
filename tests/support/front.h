/* A running front of the API in a temporary folder, on a port of its own, and sockets to it. Include after cmocka.h. */
#pragma once

#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "folder.h"
#include "http/http.h"

struct front {
    char *folder;
    struct cluster *cluster;
    struct api api;
    struct http_server *server;
    struct sockaddr_in address;
};

/* All but the server. */
static inline void front_open(struct front *front)
{
    struct err err;
    signal(SIGPIPE, SIG_IGN);
    front->folder = folder_make();
    struct cluster_options options = {.data_dir = front->folder, .ephemeral = true, .shards = 1};
    if (cluster_open(&options, &front->cluster, &err) != 0) {
        fail_msg("%s", err.text);
    }
    front->api = (struct api){
        .cluster = front->cluster,
        .pool = pool_create(1, "pages"),
        .settings = {.region = "us-east-1", .account_id = "000000000000", .endpoint = "127.0.0.1"},
    };
}

/* With these ceilings, two loops and one listener. */
static inline int front_start(struct front *front, struct http_options options)
{
    struct err err;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    front->address = (struct sockaddr_in){.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof front->address;
    assert_int_equal(bind(listener, (struct sockaddr *)&front->address, len), 0);
    assert_int_equal(listen(listener, 100), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&front->address, &len), 0);
    options.listeners[0] = listener;
    options.listener_count = 1;
    options.threads = 2;
    return http_server_start(&options, &front->api, &front->server, &err);
}

static inline void front_close(struct front *front)
{
    http_server_stop(front->server, 1000);
    pool_destroy(front->api.pool);
    cluster_close(front->cluster);
    folder_remove(front->folder);
}

/* A connection that waits 20 s at most. */
static inline int front_dial(const struct front *front)
{
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (const struct sockaddr *)&front->address, sizeof front->address), 0);
    struct timeval patience = {.tv_sec = 20};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    return fd;
}
