import HyperCrypto
import Replication
import Testing

@Suite(.timeLimit(.minutes(1)))
struct ReplicationExample {
    @Test func runs() throws {
        var asked: [Message] = []
        // -- the example
        var random = SystemRandom()
        let feed = KeyPair(random: &random).publicKey
        var sessions = [true, false].map { initiator in
            Session(
                initiator: initiator, configuration: .init(staticKey: .init(random: &random)),
                random: &random, now: .now)
        }
        // Both know the feed's key, and prove it to each other.
        try sessions[0].open(feed, extensions: [])
        try sessions[1].open(feed, extensions: [])
        for turn in 0..<10 {
            // In place of a network.
            let bytes = sessions[turn % 2].takeOutput()
            try bytes.withUnsafeBytes { bytes in
                try sessions[(turn + 1) % 2].receive(bytes, now: .now) { session, event in
                    switch event {
                    case .opened(let channel):
                        session.send(.want(start: 0, length: 1 << 20), on: channel)
                    case .message(_, let message): asked.append(message)
                    default: break
                    }
                }
            }
        }
        print(asked)
        // -- its end
        let want = Message.want(start: 0, length: 1 << 20)
        #expect(asked == [want, want])
    }
}
