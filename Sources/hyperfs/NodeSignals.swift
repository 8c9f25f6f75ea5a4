import Dispatch
import Glibc
import Node
import Synchronization

/// What a node does at signals that do not end it: SIGUSR1 writes its state to the log, SIGHUP has
/// it read its configuration again.
final class NodeSignals: Sendable {
    /// Only kept alive: never touched after `init`, so that it needs no lock.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    /// Neither ends the process from now on.
    static func ignore() {
        for number in [SIGUSR1, SIGHUP] { signal(number, SIG_IGN) }
    }

    init(_ node: StoreNode, _ level: LogLevel, background: Bool) {
        let queue = DispatchQueue(label: "node-signals")
        let file = Mutex(Result { try Self.settings(background: background) })
        let reload: @Sendable () async -> Void = {
            do {
                let new = try Self.settings(background: background)
                let old = file.withLock { file in
                    defer { file = .success(new) }
                    return (try? file.get()) ?? new
                }
                node.change(from: old, to: new, log: level)
            } catch {
                node.refuseChange(NodeError(error, while: "reading the configuration"))
            }
        }
        let work: [(Int32, @Sendable () async -> Void)] = [
            (SIGUSR1, { await node.logState() }), (SIGHUP, reload),
        ]
        sources = work.map { number, action in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { Task { await action() } }
            source.resume()
            return source
        }
    }

    /// What command line, environment and file say now. On the command line of a node in the
    /// background stands what the command that started it was told, by whatever: only what has
    /// changed in environment and file counts.
    private static func settings(background: Bool) throws -> RunningSettings {
        let typed = ArgumentOrder.verbFirst(Array(CommandLine.arguments.dropFirst()))
        let words = background ? ["node", "--background"] : typed
        guard let command = try Invocation(words).parse() as? NodeCommand else {
            throw NodeError(.failed, "'node' is no command", hint: "install hyperfs anew")
        }
        return command.settings
    }
}
