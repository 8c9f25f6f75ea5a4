/// What the kernel asks for.
enum Operation: Int, CaseIterable {
    case lookup, getattr, setattr, readlink, access
    case open, create, read, write, flush, fsync, release, fallocate, lseek, copyFileRange
    case opendir, readdir, readdirplus, fsyncdir, releasedir
    case mknod, mkdir, symlink, link, unlink, rmdir, rename
    case getxattr, setxattr, listxattr, removexattr
    case statfs

    /// As libfuse calls it.
    var name: String { self == .copyFileRange ? "copy_file_range" : "\(self)" }
}
