/* A loop's door to the shards: commands of one turn go out together, answers come back together. */
#include <assert.h>

#include "cluster/private.h"

void cluster_port_init(struct cluster_port *port, struct cluster *cluster, void (*wake)(struct mailbox *mailbox))
{
    *port = (struct cluster_port){.cluster = cluster};
    mailbox_init(&port->mailbox, wake);
}

void cluster_port_finish(struct cluster_port *port)
{
    assert(!port->has_pending);
    mailbox_finish(&port->mailbox);
}

void port_submit_silent(struct cluster_port *port, struct shard *shard, struct command *command)
{
    task_list_append(&port->pending[shard->number], &command->task);
    port->has_pending = true;
}

static void submit(struct cluster_port *port, struct shard *shard, struct command *command)
{
    command->reply_to = &port->mailbox;
    port_submit_silent(port, shard, command);
}

void cluster_submit_write(struct cluster_port *port, struct write *write)
{
    submit(port, cluster_shard_of(port->cluster, write->key.hash), &write->command);
}

void cluster_submit_to_system(struct cluster_port *port, struct command *command)
{
    submit(port, cluster_system_shard(port->cluster), command);
}

void cluster_port_flush(struct cluster_port *port)
{
    if (!port->has_pending) {
        return;
    }
    port->has_pending = false;
    for (unsigned i = 0; i < port->cluster->shard_count; i++) {
        if (port->pending[i].first != NULL) {
            shard_submit(port->cluster->shards[i], &port->pending[i]);
        }
    }
}
