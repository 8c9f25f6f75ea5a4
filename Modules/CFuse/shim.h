#ifndef CFUSE_SHIM_H
#define CFUSE_SHIM_H

/* Set here and not in build flags, so that every importer agrees. */
#define FUSE_USE_VERSION 314
/* Only where offsets are not 64 bits anyway: elsewhere Swift would see two kinds of statvfs. */
#if __SIZEOF_LONG__ < 8
#define _FILE_OFFSET_BITS 64
#endif
#include <fuse_lowlevel.h>

_Static_assert(sizeof(off_t) == 8, "offsets are 64 bits");
_Static_assert(sizeof(fuse_ino_t) == 8, "node numbers are 64 bits");

/* A macro over versioned symbols from 3.17 on: invisible to Swift. */
static inline struct fuse_session *cfuse_session_new(
    struct fuse_args *args, const struct fuse_lowlevel_ops *operations, void *userdata) {
    return fuse_session_new(args, operations, sizeof *operations, userdata);
}

/* A macro over versioned symbols in this and later releases: invisible to Swift. */
static inline int cfuse_session_loop_mt(struct fuse_session *se, struct fuse_loop_config *config) {
    return fuse_session_loop_mt(se, config);
}

/* `want` is a plain word up to 3.16, and checked against a wider one from 3.17 on. */
static inline void cfuse_want(struct fuse_conn_info *conn, unsigned int capability, int isWanted) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 17)
    if (isWanted)
        fuse_set_feature_flag(conn, capability);
    else
        fuse_unset_feature_flag(conn, capability);
#else
    if (isWanted)
        conn->want |= conn->capable & capability;
    else
        conn->want &= ~capability;
#endif
}

/* 3.14 has a parameter for flags of which there is one; later releases have none. */
static inline int cfuse_notify_expire_entry(
    struct fuse_session *se, fuse_ino_t parent, const char *name, size_t length) {
#if FUSE_VERSION >= FUSE_MAKE_VERSION(3, 15)
    return fuse_lowlevel_notify_expire_entry(se, parent, name, length);
#else
    return fuse_lowlevel_notify_expire_entry(se, parent, name, length, FUSE_LL_EXPIRE_ONLY);
#endif
}

#endif
