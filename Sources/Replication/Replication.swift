/// Two peers exchanging feeds over one byte stream: the session (handshake, encryption, framing,
/// channels, extensions) and the scheduler that decides who is asked for what
/// (docs/spec/hypercore-protocol.md, docs/spec/hypercore.md section 11, DESIGN.md section 3).
///
/// Pure: no sockets, clocks, threads or disks of its own. Bytes and a time go in, bytes and the
/// next deadline come out. Two sessions that meet:
///
/// ```swift
/// var random = SystemRandom()
/// let feed = KeyPair(random: &random).publicKey
/// var sessions = [true, false].map { initiator in
///     Session(
///         initiator: initiator, configuration: .init(staticKey: .init(random: &random)),
///         random: &random, now: .now)
/// }
/// // Both know the feed's key, and prove it to each other.
/// try sessions[0].open(feed, extensions: [])
/// try sessions[1].open(feed, extensions: [])
/// for turn in 0..<10 {
///     // In place of a network.
///     let bytes = sessions[turn % 2].takeOutput()
///     try bytes.withUnsafeBytes { bytes in
///         try sessions[(turn + 1) % 2].receive(bytes, now: .now) { session, event in
///             switch event {
///             case .opened(let channel):
///                 session.send(.want(start: 0, length: 1 << 20), on: channel)
///             case .message(_, let message): asked.append(message)
///             default: break
///             }
///         }
///     }
/// }
/// print(asked)
/// ```
public enum Replication {}
