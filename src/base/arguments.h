/* What all commands of `stator` do with their arguments and the environment. */
#pragma once

#include <stdbool.h>

/* Exit codes of every command, beside 0: done. */
#define EXIT_FAILED 1
#define EXIT_USAGE  2

/* True if one of them is --help or -h. */
bool arguments_ask_for_help(int count, char *const *arguments);

/* The option `name` at *at, as "--name value" or "--name=value". 1: taken, and *at is at its last argument; 0: that is
 * another argument; -1: it has no value. */
int arguments_take_value(const char *name, int count, char *const *arguments, int *at, const char **ret_value);

/* A variable of the environment, or `otherwise` if it is not set or empty. */
const char *arguments_environment(const char *name, const char *otherwise);
