/* A failure that an operator reads: text that gains context on its way up. Errors that a client reads are made
 * in api/ alone. Functions that can fail return 0 or -1 and take a `struct err *` last. */
#pragma once

#define ERR_TEXT_BYTES 1024
#define MUST_USE       __attribute__((warn_unused_result))

struct err {
    char text[ERR_TEXT_BYTES];
};

/* Replaces the text. Returns -1, so that `return err_set(err, …)` reads well. */
int err_set(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Puts "context: " in front of the text. Returns -1. */
int err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));
