/* `stator user` and `stator key`: the people and programs that may sign in, kept in the data folder. A server that runs
 * follows. Both return the exit code. */
#pragma once

int user_command(int count, char *const *arguments);
int key_command(int count, char *const *arguments);
