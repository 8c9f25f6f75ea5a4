/// Keys, hashes, signatures, the Noise handshake and the stream cipher of the Hypercore family:
/// everything that touches libsodium, and nothing else does.
public enum HyperCrypto {}
