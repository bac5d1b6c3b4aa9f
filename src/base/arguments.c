#include "base/arguments.h"

#include <stdlib.h>
#include <string.h>

bool arguments_ask_for_help(int count, char *const *arguments)
{
    for (int i = 0; i < count; i++) {
        if (strcmp(arguments[i], "--help") == 0 || strcmp(arguments[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

int arguments_take_value(const char *name, int count, char *const *arguments, int *at, const char **ret_value)
{
    size_t len = strlen(name);
    const char *argument = arguments[*at];
    if (strncmp(argument, name, len) != 0 || (argument[len] != '\0' && argument[len] != '=')) {
        return 0;
    }
    if (argument[len] == '=') {
        *ret_value = argument + len + 1;
        return 1;
    }
    if (*at + 1 == count) {
        return -1;
    }
    *ret_value = arguments[++*at];
    return 1;
}

const char *arguments_environment(const char *name, const char *otherwise)
{
    const char *value = getenv(name);
    return value != NULL && *value != '\0' ? value : otherwise;
}
