import HyperCrypto
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HyperCryptoExample {
    @Test func runs() throws {
        // -- the example
        var random = SystemRandom()
        let feed = KeyPair(random: &random)
        let signature = feed.sign(Array("hello".utf8))
        print(feed.publicKey.verifies(signature, for: Array("hello".utf8)))

        let (alice, bob) = (NoiseKeyPair(random: &random), NoiseKeyPair(random: &random))
        var dialer = NoiseHandshake(initiator: true, staticKey: alice, random: &random)
        var listener = NoiseHandshake(initiator: false, staticKey: bob, random: &random)
        _ = try listener.readMessage(dialer.writeMessage(payload: []))
        _ = try dialer.readMessage(listener.writeMessage(payload: []))
        _ = try listener.readMessage(dialer.writeMessage(payload: []))

        let proof = Capability.sent(for: feed.publicKey, keys: dialer.split())
        print(Capability.isValid(proof, for: feed.publicKey, keys: listener.split()))
        // -- its end
    }
}
