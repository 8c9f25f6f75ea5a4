#ifndef CFUSE_SHIM_H
#define CFUSE_SHIM_H

/* Set here and not in build flags, so that every importer agrees. */
#define FUSE_USE_VERSION 314
#define _FILE_OFFSET_BITS 64
#include <fuse_lowlevel.h>

/* A macro over versioned symbols in this and later releases: invisible to Swift. */
static inline int cfuse_session_loop_mt(struct fuse_session *se, struct fuse_loop_config *config) {
    return fuse_session_loop_mt(se, config);
}

#endif
