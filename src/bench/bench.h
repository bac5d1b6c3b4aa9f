/* `stator bench`: load on any endpoint that speaks DynamoDB.
 *
 *   options.c   what was asked for
 *   load.c      makes and fills the table
 *   run.c       threads that send and measure
 *   requests.c  the bodies of requests; workload.c and keys.c: which ones, on which items
 *   client.c    the HTTP client
 *   report.c    the result */
#pragma once

/* `arguments` are those behind the subcommand. Returns the exit code: 0 done, 1 failed, 2 called wrongly. */
int bench_main(int count, char *const *arguments);
