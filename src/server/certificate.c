#include "server/certificate.h"

#include "base/env.h"

#include <inttypes.h>
#include <time.h>

#define DAY_S      86400
#define SOON_S_MAX (14 * DAY_S) /* of Let's Encrypt's 90 days, or 47 of others, two thirds are over by then */

static void warn(const char *path, const struct tls_certificate *certificate)
{
    int64_t now_s = (int64_t)(env_time_us() / 1000000), left_s = certificate->good_until_s - now_s;
    struct tm parts;
    char until[32] = "";
    time_t until_s = (time_t)certificate->good_until_s;
    if (gmtime_r(&until_s, &parts) != NULL) {
        strftime(until, sizeof until, "%Y-%m-%d %H:%M UTC", &parts);
    }
    if (now_s < certificate->good_from_s) {
        log_warning("the certificate %s (%s) is not good yet: clients will refuse it", path, certificate->subject);
    } else if (left_s <= 0) {
        log_error("the certificate %s (%s) expired on %s: clients will refuse it", path, certificate->subject, until);
    } else if (left_s <= SOON_S_MAX) {
        log_warning("the certificate %s (%s) expires in %" PRId64 " day%s, on %s", path, certificate->subject,
                    left_s / DAY_S, left_s / DAY_S == 1 ? "" : "s", until);
    }
}

int certificate_load(const struct config *config, struct ssl_ctx_st **ret_context, struct err *err)
{
    if (config->tls.certificate == NULL) {
        *ret_context = NULL;
        return 0;
    }
    if (tls_context_create(&config->tls, ret_context, err) != 0) {
        return -1;
    }
    struct tls_certificate certificate;
    tls_describe(*ret_context, &certificate);
    warn(config->tls.certificate, &certificate);
    return 0;
}

void certificate_reload(const struct config *config, struct http_server *server)
{
    struct ssl_ctx_st *context;
    struct err err;
    if (certificate_load(config, &context, &err) != 0) {
        log_error("the certificate stays as it was: %s", err.text);
        return;
    }
    http_server_use_tls(server, context);
    log_info("new connections get the certificate in %s", config->tls.certificate);
}
