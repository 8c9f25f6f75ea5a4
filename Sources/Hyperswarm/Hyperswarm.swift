/// Finding and reaching peers (docs/spec/swarm.md). This release: TCP, dialed by address or
/// accepted. Knows nothing of feeds: it hands out byte streams.
public enum Hyperswarm {}
