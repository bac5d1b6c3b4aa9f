/* Lingering: a socket that nobody answers any more is read and discarded for a while before it is closed. */
#include "http/private.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define LINGER_MS        10000
#define LINGER_BYTES_MAX (64u << 20)
#define LINGERING_MAX    64u

struct lingering {
    h2o_linklist_t link;
    h2o_socket_t *socket;
    uint64_t until_ms;
    size_t bytes;
};

void linger_after_close(struct connection *connection)
{
    if (connection->linger_fd < 0 && !connection->loop->stopping) {
        connection->linger_fd = dup(h2o_socket_get_fd(connection->socket)); /* -1: then without */
    }
}

static void linger_end(struct lingering *linger)
{
    h2o_linklist_unlink(&linger->link);
    h2o_socket_close(linger->socket);
    free(linger);
}

static void on_discard(h2o_socket_t *socket, const char *err)
{
    struct lingering *linger = socket->data;
    if (err == NULL) {
        linger->bytes += socket->input->size;
        h2o_buffer_consume(&socket->input, socket->input->size);
    }
    if (err != NULL || linger->bytes > LINGER_BYTES_MAX) {
        linger_end(linger);
    }
}

static unsigned count_lingering(const struct loop *loop)
{
    unsigned count = 0;
    for (const h2o_linklist_t *at = loop->lingering.next; at != &loop->lingering; at = at->next) {
        count++;
    }
    return count;
}

void linger_begin(struct loop *loop, int fd)
{
    if (loop->stopping || count_lingering(loop) >= LINGERING_MAX) {
        close(fd);
        return;
    }
    shutdown(fd, SHUT_WR);
    struct lingering *linger = h2o_mem_alloc(sizeof *linger);
    *linger = (struct lingering){.until_ms = loop->now_ms + LINGER_MS};
    linger->socket = h2o_evloop_socket_create(loop->context.loop, fd, H2O_SOCKET_FLAG_IS_ACCEPTED_CONNECTION);
    linger->socket->data = linger;
    h2o_linklist_insert(&loop->lingering, &linger->link);
    h2o_socket_read_start(linger->socket, on_discard);
}

void lingering_sweep(struct loop *loop)
{
    h2o_linklist_t *next;
    for (h2o_linklist_t *at = loop->lingering.next; at != &loop->lingering; at = next) {
        next = at->next;
        struct lingering *linger = H2O_STRUCT_FROM_MEMBER(struct lingering, link, at);
        if (loop->stopping || loop->now_ms >= linger->until_ms) {
            linger_end(linger);
        }
    }
}
