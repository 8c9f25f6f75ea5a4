import Glibc
import Hypercore

/// In place when everything is here, else later.
extension Tree {
    /// Answers with what `attempt` makes of local blocks; waits when it misses some.
    ///
    /// `attempt` may run many times. It changes nothing before it has everything.
    func answer<T: Sendable>(
        on volume: Volume?, changing: Bool = false, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable () throws -> T
    ) -> Pending? {
        touch(volume)
        let isComplete = gate.passing(changing: changing) { () -> Bool in
            let result: Result<T, PosixError>
            do {
                result = .success(try attempt())
            } catch is MissingBlocks {
                return false
            } catch {
                result = .failure(PosixError(error))
            }
            reply(result)
            return true
        }
        if isComplete { return nil }
        guard let volume else {
            reply(.failure(PosixError(EIO, "blocks are missing where none can be")))
            return nil
        }
        return answerLater(on: volume, changing: changing, reply, attempt)
    }

    private func answerLater<T: Sendable>(
        on volume: Volume, changing: Bool, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable () throws -> T
    ) -> Pending? {
        let pending = Pending { reply(.failure($0)) }
        guard let wait = waits.add(pending, on: volume) else { return nil }
        let (waits, gate, timeout) = (waits, gate, configuration.timeout)
        let task = Task.detached {
            do {
                try await resolve(timeout: timeout) {
                    try gate.passing(changing: changing) {
                        try pending.answer(reply, attempt)
                    }
                }
            } catch {
                pending.end(PosixError(error, isOffline: volume.isOffline))
            }
            waits.remove(wait)
        }
        pending.onStop { task.cancel() }
        return pending
    }
}
