/// Many feeds in one folder under one master key, each opened once and found by its discovery key
/// (docs/spec/corestore.md).
public enum Corestore {}
