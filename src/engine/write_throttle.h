/* A write against the throughput of its table and global indexes. Writer thread; only where throughput_is_on. */
#pragma once

#include "engine/write_steps.h"

/* Before anything is read. False: write->throttle says why. */
bool write_admit(struct write *write);

/* Once it is known what it would write: every global index whose rows it changes must have something left, for its
 * share follows at once (DynamoDB: back-pressure of indexes). False: write->throttle says why. */
bool write_admit_indexes(struct write *write, struct batch *batch, const struct write_plan *plan);

/* Takes the units of a write that was done, or whose condition failed; of others nothing. Its table_units and
 * index_units are final. Those of the table count `factor` times: transactions cost twice. */
void write_charge(const struct write *write, struct batch *batch, const struct write_plan *plan, unsigned factor);
