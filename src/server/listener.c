#include "server/listener.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The kernel cuts it to its own limit. */
#define BACKLOG 4096

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)address;
        return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
    }
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)address;
    return address->sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6->sin6_addr);
}

static int open_one(const struct addrinfo *info)
{
    int one = 1;
    int fd = socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
        return -1;
    }
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* connections inherit it */
    if (info->ai_family == AF_INET6) {
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    }
    if (bind(fd, info->ai_addr, info->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        int reason = errno;
        close(fd);
        errno = reason;
        return -1;
    }
    return fd;
}

static in_port_t *port_of(struct sockaddr *address)
{
    return address->sa_family == AF_INET6 ? &((struct sockaddr_in6 *)address)->sin6_port
                                          : &((struct sockaddr_in *)address)->sin_port;
}

static in_port_t bound_port(int fd)
{
    struct sockaddr_storage address = {0};
    socklen_t len = sizeof address;
    getsockname(fd, (struct sockaddr *)&address, &len);
    return *port_of((struct sockaddr *)&address);
}

static int open_all(struct addrinfo *infos, struct listeners *listeners)
{
    int reason = 0;
    for (struct addrinfo *info = infos; info != NULL && listeners->count < HTTP_LISTENERS_MAX; info = info->ai_next) {
        if (info->ai_family != AF_INET && info->ai_family != AF_INET6) {
            continue;
        }
        if (listeners->count > 0) {
            *port_of(info->ai_addr) = bound_port(listeners->fds[0]); /* a chosen port is the same for all */
        }
        int fd = open_one(info);
        if (fd >= 0) {
            listeners->fds[listeners->count++] = fd;
        } else if (errno == EADDRNOTAVAIL || errno == EAFNOSUPPORT) {
            reason = errno; /* a name may have an address of a family that this machine has switched off */
        } else {
            return -1;
        }
    }
    errno = reason;
    return listeners->count > 0 ? 0 : -1;
}

/* `why`: what must be said of an address that is no loopback address; NULL: it is fine. */
static int open_address(const char *host, const char *port, const char *why, struct listeners *ret_listeners,
                        struct err *err)
{
    bool is_v6 = strchr(host, ':') != NULL;
    const char *left = is_v6 ? "[" : "", *right = is_v6 ? "]" : "";
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *infos;
    int failure = getaddrinfo(host, port, &hints, &infos);
    if (failure != 0) {
        return err_set(err, "cannot listen on %s%s%s:%s: %s", left, host, right, port, gai_strerror(failure));
    }
    bool exposed = false;
    for (struct addrinfo *info = infos; info != NULL; info = info->ai_next) {
        exposed = exposed || !is_loopback(info->ai_addr);
    }
    if (exposed && why != NULL) {
        freeaddrinfo(infos);
        return err_set(err, "--listen %s%s%s:%s is not a loopback address, %s", left, host, right, port, why);
    }
    struct listeners listeners = {0};
    failure = open_all(infos, &listeners);
    int reason = errno;
    freeaddrinfo(infos);
    if (failure != 0) {
        listeners_close(&listeners);
        return err_set(err, "cannot listen on %s%s%s:%s: %s", left, host, right, port, strerror(reason));
    }
    snprintf(listeners.address, sizeof listeners.address, "%s%s%s:%u", left, host, right,
             ntohs(bound_port(listeners.fds[0])));
    *ret_listeners = listeners;
    return 0;
}

int listeners_open(const struct config *config, struct listeners *ret_listeners, struct err *err)
{
    const char *why =
        config->check_signatures
            ? "and everything would cross the network unencrypted; --tls-cert and --tls-key change that, --insecure "
              "allows it"
            : "and everybody who reaches it could do everything; that needs --auth sigv4";
    bool encrypted = config->tls.certificate != NULL;
    bool allowed = config->check_signatures && (encrypted || config->insecure);
    return open_address(config->listen_host, config->listen_port, allowed ? NULL : why, ret_listeners, err);
}

int listeners_open_metrics(const struct config *config, struct listeners *ret_listeners, struct err *err)
{
    if (open_address(config->metrics_host, config->metrics_port, NULL, ret_listeners, err) != 0) {
        return err_wrap(err, "--metrics-listen");
    }
    return 0;
}

void listeners_close(struct listeners *listeners)
{
    while (listeners->count > 0) {
        close(listeners->fds[--listeners->count]);
    }
}
