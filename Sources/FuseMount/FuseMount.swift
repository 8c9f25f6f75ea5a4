/// A `FileTree` behind libfuse3's low-level API: the only importer of CFuse.
public enum FuseMount {}
