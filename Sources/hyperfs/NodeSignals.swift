import Dispatch
import Glibc
import Node

/// What a node does at signals that do not end it: SIGUSR1 writes its state to the log, SIGHUP has
/// it look at its configuration again.
final class NodeSignals: Sendable {
    /// Only kept alive: never touched after `init`, so that it needs no lock.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    init(_ node: StoreNode) {
        let queue = DispatchQueue(label: "node-signals")
        let work: [(Int32, @Sendable () async -> Void)] = [
            (SIGUSR1, { await node.logState() }), (SIGHUP, { await node.reload() }),
        ]
        sources = work.map { number, action in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler { Task { await action() } }
            source.resume()
            return source
        }
    }
}
