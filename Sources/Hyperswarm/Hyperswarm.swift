/// Finding and reaching peers. This release: TCP, dialled by address or accepted. Knows nothing of feeds.
public enum Hyperswarm {}
