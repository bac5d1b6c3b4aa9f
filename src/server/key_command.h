/* `stator key`: the key file, and the keys of a data folder that it seals. Returns the exit code. */
#pragma once

int key_command(int count, char *const *arguments);
