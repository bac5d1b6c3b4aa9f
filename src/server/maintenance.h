/* The thread that does the background work of the layers below, one small step after the other. */
#pragma once

struct cluster;
struct maintenance;

struct maintenance *maintenance_start(struct cluster *cluster);

/* Ends the thread after its current step. NULL is allowed. */
void maintenance_stop(struct maintenance *maintenance);
