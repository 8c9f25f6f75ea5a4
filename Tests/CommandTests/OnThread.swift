import Foundation

/// Runs what waits for processes, mounts or sockets on a thread that Swift's tasks do not need.
func onThread<T, Failure: Error>(
    _ body: @escaping () throws(Failure) -> T
) async throws(Failure) -> T {
    let result = await withCheckedContinuation {
        (continuation: CheckedContinuation<Box<Result<T, Failure>>, Never>) in
        let work = Box(body)
        Thread.detachNewThread {
            let result: Result<T, Failure>
            do throws(Failure) {
                result = .success(try work.value())
            } catch {
                result = .failure(error)
            }
            continuation.resume(returning: Box(result))
        }
    }
    return try result.value.get()
}

/// `@unchecked Sendable`: handed from one thread to another, never used by both.
private struct Box<T>: @unchecked Sendable {
    let value: T
    init(_ value: T) { self.value = value }
}
