#ifndef CMINIUPNP_SHIM_H
#define CMINIUPNP_SHIM_H

/* What hyperfs uses of libminiupnpc. The library is optional: without its header every call fails,
 * and pkg-config names nothing to link. So one place decides, at each build, and not the manifest,
 * which is evaluated once and remembered. All calls block. */

#include <stddef.h>
#include <stdio.h>
#include <string.h>

/* UPnP's code for "Action Failed": what there is to say where there is no library. */
enum { cminiupnp_action_failed = 501 };

/* A connection of a router, as its own description names it. */
struct cminiupnp_service {
    char control_url[512];
    char type[128];
};

/* A port that leads to us. TCP or UDP; numbers as text, as the library wants them. */
struct cminiupnp_mapping {
    const char *external_port;
    const char *internal_port;
    const char *client;
    const char *protocol;
    const char *lease_seconds;
};

#if __has_include(<miniupnpc/miniupnpc.h>)

#include <miniupnpc/miniupnpc.h>
#include <miniupnpc/upnpcommands.h>
#include <miniupnpc/upnperrors.h>

static inline int cminiupnp_is_there(void) { return 1; }

/* Asks the network of the interface with that address for routers. Writes the addresses of their
 * descriptions, one a line; nothing of them has been fetched. Returns how many fit. */
static inline int cminiupnp_discover(
    const char *address, int wait_milliseconds, char *urls, size_t size) {
    int error = 0, count = 0;
    size_t used = 0;
    if (size == 0) return 0;
    urls[0] = 0;
    /* Not by the daemon that remembers devices: its answers have no source. */
    struct UPNPDev *all =
        upnpDiscover(wait_milliseconds, address, "", UPNP_LOCAL_PORT_ANY, 0, 2, &error);
    for (struct UPNPDev *next = all; next != NULL; next = next->pNext) {
        if (next->descURL == NULL || strlen(next->descURL) + 2 > size - used) continue;
        used += (size_t)snprintf(urls + used, size - used, "%s\n", next->descURL);
        count++;
    }
    freeUPNPDevlist(all);
    return count;
}

/* Fetches a description and takes its connection: the second one where only that is up, as with
 * routers that offer both IP and PPP. 0 when it describes none. */
static inline int cminiupnp_describe(const char *url, struct cminiupnp_service *service) {
    struct UPNPUrls urls;
    struct IGDdatas data;
    char address[64];
    memset(&urls, 0, sizeof urls);
    memset(&data, 0, sizeof data);
    if (UPNP_GetIGDFromUrl(url, &urls, &data, address, sizeof address) != 1) return 0;
    if (data.second.servicetype[0] != 0 && !UPNPIGD_IsConnected(&urls, &data)) {
        struct IGDdatas_service first = data.first;
        data.first = data.second;
        data.second = first;
        FreeUPNPUrls(&urls);
        GetUPNPUrls(&urls, &data, url, 0);
    }
    int fits = urls.controlURL != NULL && data.first.servicetype[0] != 0
        && strlen(urls.controlURL) < sizeof service->control_url
        && strlen(data.first.servicetype) < sizeof service->type;
    if (fits) {
        strcpy(service->control_url, urls.controlURL);
        strcpy(service->type, data.first.servicetype);
    }
    FreeUPNPUrls(&urls);
    return fits;
}

/* The address that the world sees, in text. 0: there. */
static inline int cminiupnp_external_address(
    const struct cminiupnp_service *service, char address[64]) {
    address[0] = 0;
    return UPNP_GetExternalIPAddress(service->control_url, service->type, address);
}

/* 0: done; more: the router's own code; less: it did not answer. */
static inline int cminiupnp_add(
    const struct cminiupnp_service *service, const struct cminiupnp_mapping *mapping) {
    return UPNP_AddPortMapping(
        service->control_url, service->type, mapping->external_port, mapping->internal_port,
        mapping->client, "hyperfs", mapping->protocol, NULL, mapping->lease_seconds);
}

/* As above. */
static inline int cminiupnp_delete(
    const struct cminiupnp_service *service, const struct cminiupnp_mapping *mapping) {
    return UPNP_DeletePortMapping(
        service->control_url, service->type, mapping->external_port, mapping->protocol, NULL);
}

#else

static inline int cminiupnp_is_there(void) { return 0; }

static inline int cminiupnp_discover(
    const char *address, int wait_milliseconds, char *urls, size_t size) {
    (void)address, (void)wait_milliseconds, (void)urls, (void)size;
    return 0;
}

static inline int cminiupnp_describe(const char *url, struct cminiupnp_service *service) {
    (void)url, (void)service;
    return 0;
}

static inline int cminiupnp_external_address(
    const struct cminiupnp_service *service, char address[64]) {
    (void)service, (void)address;
    return cminiupnp_action_failed;
}

static inline int cminiupnp_add(
    const struct cminiupnp_service *service, const struct cminiupnp_mapping *mapping) {
    (void)service, (void)mapping;
    return cminiupnp_action_failed;
}

static inline int cminiupnp_delete(
    const struct cminiupnp_service *service, const struct cminiupnp_mapping *mapping) {
    (void)service, (void)mapping;
    return cminiupnp_action_failed;
}

#endif

#endif
