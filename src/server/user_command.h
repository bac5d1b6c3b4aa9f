/* `stator user` and `stator role`: the people and programs that may sign in, and what they may be for a while, kept in
 * the data folder. A server that runs follows. Both return the exit code. */
#pragma once

int user_command(int count, char *const *arguments);
int role_command(int count, char *const *arguments);
