/* `stator verify`. */
#pragma once

/* `arguments` are those behind the subcommand. Returns the exit code: 0 all is well, 1 something is not, or could not
 * be looked at, 2 called wrongly. */
int verify_command(int count, char *const *arguments);
