#include "server/verify_command.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/json_out.h"
#include "auth/identity_file.h"
#include "base/arguments.h"
#include "cluster/verify.h"
#include "crypto/key_file.h"
#include "crypto/sha256.h"

/* A table that is lost as a whole need not be listed row by row. */
#define FINDINGS_SHOWN 1000

struct options {
    const char *data_dir;
    const char *key_file; /* NULL: the file of users is not looked at */
    bool json;
    bool show_items;
};

struct report {
    const struct options *options;
    struct buffer findings, tables; /* JSON; only with --json */
    uint64_t shown;
    bool has_progress; /* a line of it stands on the terminal */
};

static void print_help(void)
{
    fputs("Usage: stator verify [OPTION]...\n\n"
          "Looks through a data folder that no server uses, and changes nothing in it: whether every file and row is "
          "whole,\n"
          "and whether indexes, sizes of item collections, expiry and counts are what the items say.\n\n"
          "  --data-dir PATH   the data folder (default ./data)\n"
          "  --key-file FILE   the key that 'stator key create FILE' made: of the users, and of what is encrypted\n"
          "  --show-items      print what is stored in damaged places, not only keys\n"
          "  --json            print JSON\n\n"
          "STATOR_DATA_DIR and STATOR_KEY_FILE in the environment do as well; the command line comes first.\n"
          "Exit codes: 0 all is well, 1 something is not, or could not be looked at, 2 called wrongly.\n",
          stdout);
}

/* --- options -------------------------------------------------------------------------------------------------------
 */

static int parse(int count, char *const *arguments, struct options *options, struct err *err)
{
    for (int i = 0; i < count; i++) {
        const char *argument = arguments[i];
        int taken = arguments_take_value("--data-dir", count, arguments, &i, &options->data_dir);
        taken = taken != 0 ? taken : arguments_take_value("--key-file", count, arguments, &i, &options->key_file);
        if (taken < 0 || options->data_dir[0] == '\0' || (options->key_file != NULL && options->key_file[0] == '\0')) {
            return err_set(err, "%s needs a value", argument);
        }
        if (strcmp(argument, "--json") == 0) {
            options->json = true;
        } else if (strcmp(argument, "--show-items") == 0) {
            options->show_items = true;
        } else if (taken == 0) {
            return err_set(err, "verify takes no argument '%s'; see stator verify --help", argument);
        }
    }
    return 0;
}

/* --- what is printed -----------------------------------------------------------------------------------------------
 */

static void clear_progress(struct report *report)
{
    if (report->has_progress) {
        fputs("\r\033[K", stderr);
        report->has_progress = false;
    }
}

static void on_progress(void *context, const char *what, uint64_t rows)
{
    struct report *report = context;
    if (isatty(STDERR_FILENO)) {
        fprintf(stderr, "\r\033[K%s: %" PRIu64, what, rows);
        report->has_progress = true;
    }
}

static void json_slice(struct buffer *out, const char *name, struct slice text)
{
    if (text.len > 0) {
        json_member_string(out, name, text);
    }
}

static void append_finding(struct buffer *out, const struct verify_finding *finding)
{
    json_object_begin(out);
    json_slice(out, "kind", slice_from_string(verify_kind_name(finding->kind)));
    json_slice(out, "text", slice_from_string(finding->text));
    if (finding->shard >= 0) {
        json_member_integer(out, "shard", finding->shard);
    }
    json_slice(out, "table", finding->table);
    json_slice(out, "index", finding->index);
    json_slice(out, "key", finding->key);
    json_slice(out, "item", finding->item);
    json_object_end(out);
}

static void print_finding(const struct verify_finding *finding)
{
    if (finding->table.len > 0) {
        printf("table %.*s", SLICE_ARG(finding->table));
        if (finding->index.len > 0) {
            printf(", index %.*s", SLICE_ARG(finding->index));
        }
        fputs(": ", stdout);
    } else if (finding->shard >= 0) {
        printf("shard %d: ", finding->shard);
    }
    fputs(finding->text, stdout);
    if (finding->key.len > 0) {
        printf(": %.*s", SLICE_ARG(finding->key));
    }
    if (finding->item.len > 0) {
        printf("\n  stored: %.*s", SLICE_ARG(finding->item));
    }
    putchar('\n');
}

static void on_finding(void *context, const struct verify_finding *finding)
{
    struct report *report = context;
    if (report->shown++ >= FINDINGS_SHOWN) {
        return;
    }
    clear_progress(report);
    if (report->options->json) {
        append_finding(&report->findings, finding);
    } else {
        print_finding(finding);
    }
}

static void on_table(void *context, const struct verify_table *table)
{
    struct report *report = context;
    clear_progress(report);
    if (!report->options->json) {
        printf("%s%.*s: %" PRIu64 " items, %" PRIu64 " bytes, %" PRIu64 " finding%s\n",
               table->index.len > 0 ? "  index " : "table ",
               SLICE_ARG(table->index.len > 0 ? table->index : table->name), table->rows, table->bytes, table->findings,
               table->findings == 1 ? "" : "s");
        return;
    }
    struct buffer *out = &report->tables;
    json_object_begin(out);
    json_slice(out, "table", table->name);
    json_slice(out, "index", table->index);
    json_member_integer(out, "items", (int64_t)table->rows);
    json_member_integer(out, "bytes", (int64_t)table->bytes);
    json_member_integer(out, "findings", (int64_t)table->findings);
    json_object_end(out);
}

static void print_json(struct report *report, const struct verify_totals *totals)
{
    struct buffer out = {0};
    json_object_begin(&out);
    json_member_boolean(&out, "healthy", totals->findings == 0);
    json_member_integer(&out, "shards", (int64_t)totals->shards);
    json_member_integer(&out, "files", (int64_t)totals->files);
    json_member_integer(&out, "file_bytes", (int64_t)totals->file_bytes);
    json_member_integer(&out, "rows", (int64_t)totals->rows);
    json_member_boolean(&out, "rows_were_read", totals->rows_were_read);
    json_member_integer(&out, "index_rows_waiting", (int64_t)totals->waiting);
    json_member_integer(&out, "transactions_prepared", (int64_t)totals->prepared);
    json_member_integer(&out, "rows_of_dropped_tables", (int64_t)totals->dropped_rows);
    json_member_integer(&out, "finding_count", (int64_t)totals->findings);
    json_member_array_begin(&out, "findings");
    buffer_append_slice(&out, buffer_slice(&report->findings));
    json_array_end(&out);
    json_member_array_begin(&out, "tables");
    buffer_append_slice(&out, buffer_slice(&report->tables));
    json_array_end(&out);
    json_object_end(&out);
    buffer_append_byte(&out, '\n');
    fwrite(out.data, 1, out.len, stdout);
    buffer_finish(&out);
}

static void print_summary(struct report *report, const struct verify_totals *totals)
{
    clear_progress(report);
    if (report->options->json) {
        print_json(report, totals);
        return;
    }
    if (report->shown > FINDINGS_SHOWN) {
        printf("… and %" PRIu64 " more\n", report->shown - FINDINGS_SHOWN);
    }
    if (!totals->rows_were_read) {
        puts(totals->findings == 0 ? "the first start was not finished: there is no data yet"
                                   : "rows were not looked at, because not every shard can be opened");
    }
    if (totals->waiting + totals->prepared + totals->dropped_rows > 0) {
        printf("left for the next start: %" PRIu64 " index rows to deliver, %" PRIu64
               " transactions to finish, %" PRIu64 " rows of dropped tables and indexes to remove\n",
               totals->waiting, totals->prepared, totals->dropped_rows);
    }
    printf("%u shard%s, %" PRIu64 " files of %" PRIu64 " bytes, %" PRIu64 " rows: ", totals->shards,
           totals->shards == 1 ? "" : "s", totals->files, totals->file_bytes, totals->rows);
    if (totals->findings == 0) {
        puts("all is well");
    } else {
        printf("%" PRIu64 " finding%s\n", totals->findings, totals->findings == 1 ? "" : "s");
    }
}

/* --- users ---------------------------------------------------------------------------------------------------------
 */

/* Users stand beside the shards, in a file that is whole or not at all. */
static void check_users(struct report *report, struct verify_totals *totals)
{
    unsigned char key[SEAL_KEY_BYTES];
    struct identities *identities = NULL;
    struct err err;
    if (key_file_read(report->options->key_file, IDENTITY_FILE_PURPOSE, key, &err) == 0 &&
        identity_file_read(report->options->data_dir, key, "000000000000", &identities, &err) == 0) {
        identities_release(identities);
    } else {
        struct verify_finding finding = {.kind = VERIFY_FILE, .shard = -1, .text = err.text};
        totals->findings++;
        on_finding(report, &finding);
    }
    crypto_wipe(key, sizeof key);
}

int verify_command(int count, char *const *arguments)
{
    struct options options = {.data_dir = arguments_environment("STATOR_DATA_DIR", "./data"),
                              .key_file = arguments_environment("STATOR_KEY_FILE", NULL)};
    struct err err;
    if (arguments_ask_for_help(count, arguments)) {
        print_help();
        return 0;
    }
    if (parse(count, arguments, &options, &err) != 0) {
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_USAGE;
    }
    struct report report = {.options = &options};
    struct verify_options verify = {.data_dir = options.data_dir,
                                    .key_file = options.key_file,
                                    .show_items = options.show_items,
                                    .found = on_finding,
                                    .table = on_table,
                                    .progress = on_progress,
                                    .context = &report};
    struct verify_totals totals;
    if (verify_folder(&verify, &totals, &err) != 0) {
        clear_progress(&report);
        fprintf(stderr, "stator: %s\n", err.text);
        return EXIT_FAILED;
    }
    if (options.key_file != NULL) {
        check_users(&report, &totals);
    }
    print_summary(&report, &totals);
    buffer_finish(&report.findings);
    buffer_finish(&report.tables);
    return totals.findings == 0 ? 0 : EXIT_FAILED;
}
