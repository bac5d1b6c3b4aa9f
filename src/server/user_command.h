/* `stator user`: the people and programs that may sign in, kept in the data folder. A server that runs follows. Returns
 * the exit code. */
#pragma once

int user_command(int count, char *const *arguments);
