/// Keys, hashes, signatures, the Noise handshake and the stream cipher of the Hypercore family:
/// everything that touches libsodium, and nothing else does. Pure: randomness is passed in.
///
/// ```swift
/// var random = SystemRandom()
/// let feed = KeyPair(random: &random)
/// let signature = feed.sign(Array("hello".utf8))
/// print(feed.publicKey.verifies(signature, for: Array("hello".utf8)))
///
/// var alice = NoiseHandshake(
///     initiator: true, staticKey: NoiseKeyPair(random: &random), random: &random)
/// var bob = NoiseHandshake(
///     initiator: false, staticKey: NoiseKeyPair(random: &random), random: &random)
/// _ = try bob.readMessage(alice.writeMessage(payload: []))
/// _ = try alice.readMessage(bob.writeMessage(payload: []))
/// _ = try bob.readMessage(alice.writeMessage(payload: []))
///
/// let proof = Capability.sent(for: feed.publicKey, keys: alice.split())
/// print(Capability.isValid(proof, for: feed.publicKey, keys: bob.split()))
/// ```
public enum HyperCrypto {}
