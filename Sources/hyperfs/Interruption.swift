import Dispatch
import Glibc
import Synchronization

/// SIGINT and SIGTERM: the first one asks to end in good order, the second one ends at once.
final class Interruption: Error, Sendable {
    /// The signal that came first, 0 for none.
    private let first: First
    /// Only kept alive: never touched after `init`, so that it needs no lock.
    nonisolated(unsafe) private let sources: [any DispatchSourceSignal]

    private final class First: Sendable { let number = Atomic<Int32>(0) }

    /// Calls `stop` on the first signal, from a queue of its own.
    init(_ stop: @escaping @Sendable () -> Void) {
        let queue = DispatchQueue(label: "signals")
        let first = First()
        self.first = first
        sources = [SIGINT, SIGTERM].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: queue)
            source.setEventHandler {
                let (isFirst, _) = first.number.compareExchange(
                    expected: 0, desired: number, ordering: .relaxed)
                guard isFirst else { _exit(128 + number) }
                stop()
            }
            source.resume()
            return source
        }
    }

    /// The signal that came.
    var signalNumber: Int32? {
        let number = first.number.load(ordering: .relaxed)
        return number == 0 ? nil : number
    }

    /// Runs work that a signal cuts short: then 130 or 143 is the end.
    static func during<T: Sendable>(
        _ work: @escaping @Sendable () async throws -> T
    ) async throws -> T {
        let task = Task { try await work() }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        if interruption.signalNumber != nil { throw interruption }
        return try result.get()
    }

    /// 130 or 143.
    func exit() -> Never { Glibc.exit(128 + (signalNumber ?? SIGINT)) }
}
