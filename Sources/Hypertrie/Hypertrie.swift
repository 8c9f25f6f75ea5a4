/// A key/value map inside a feed: every put is one block that points at what it left unchanged
/// (docs/spec/hypertrie.md), and mounts of other tries (docs/spec/mountable-hypertrie.md).
public enum Hypertrie {}
