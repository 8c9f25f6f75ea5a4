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
        var list: LongList?
        let isComplete = gate.passing(changing: changing) { () -> Bool in
            let result: Result<T, PosixError>
            do {
                result = .success(try attempt())
            } catch is MissingBlocks {
                return false
            } catch let long as LongList.Incomplete {
                list = long.list
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
        return answerLater(on: volume, changing: changing, after: list, reply, attempt)
    }

    private func answerLater<T: Sendable>(
        on volume: Volume, changing: Bool, after first: LongList?, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable () throws -> T
    ) -> Pending? {
        let pending = Pending { reply(.failure($0)) }
        guard let wait = waits.add(pending, on: volume, isBusy: first != nil) else { return nil }
        let task = Task.detached { [self] in
            do {
                var list = first
                var rounds = 0
                repeat {
                    rounds += 1
                    guard rounds <= Limits.listingRounds else {
                        throw PosixError(EAGAIN, "a folder changes faster than it can be listed")
                    }
                    let current = list
                    if let current {
                        waits.setBusy(true, wait)
                        try await complete(current, of: volume)
                        waits.setBusy(false, wait)
                    }
                    list = try await again(changing, pending, reply, attempt)
                    // It is known as long as somebody has it.
                    withExtendedLifetime(current) {}
                } while list != nil
            } catch {
                pending.end(PosixError(error, isOffline: volume.isOffline))
            }
            waits.remove(wait)
        }
        pending.onStop { task.cancel() }
        return pending
    }

    /// Answers when everything is here. Not nil: it takes a list that is not complete.
    private func again<T: Sendable>(
        _ isChanging: Bool, _ pending: Pending, _ reply: @escaping Reply<T>,
        _ attempt: @escaping @Sendable () throws -> T
    ) async throws -> LongList? {
        let gate = gate
        do {
            try await resolve(timeout: configuration.timeout) {
                try gate.passing(changing: isChanging) {
                    try pending.answer(reply, attempt)
                }
            }
            return nil
        } catch let long as LongList.Incomplete {
            return long.list
        }
    }
}
