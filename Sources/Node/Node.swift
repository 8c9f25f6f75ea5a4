/// The one process of a store: swarm, replication, shares and mounts put together, and what the
/// commands do with them (docs in DESIGN.md sections 3 and 7, CLI.md).
public enum Node {}
