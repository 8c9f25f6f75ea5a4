/// Finding and reaching peers (docs/spec/swarm.md). This release: TCP, dialed by address or
/// accepted. Knows nothing of feeds: it hands out byte streams.
///
/// ```swift
/// final class Greeter: Swarm.Handler {
///     func opened(_ connection: Swarm.Connection) { connection.send(Array("hello".utf8)) }
///     func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {
///         print(String(decoding: bytes, as: UTF8.self), "from", connection.remote)
///     }
///     func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {}
///     func closed(_ connection: Swarm.Connection, error: (any Error)?) {}
///     func unreachable(_ peer: Swarm.Address, error: SwarmError) { print(error) }
/// }
///
/// let greeter = Greeter()
/// let loop = MultiThreadedEventLoopGroup.singleton.next()
/// var configuration = Swarm.Configuration()
/// configuration.listen = [Swarm.Address(host: "127.0.0.1", port: 0)]
/// let listener = Swarm(loop: loop, configuration: configuration, handler: greeter)
/// configuration.peers = try await listener.start()
/// let dialer = Swarm(loop: loop, configuration: configuration, handler: greeter)
/// print("listening on", try await dialer.start())
/// await dialer.stop()
/// await listener.stop()
/// ```
public enum Hyperswarm {}
