import NIOCore

/// One wake-up on a loop, for the earliest of the times asked for. Confined to the loop.
///
/// It may ring too early, when what was due has been done meanwhile: who is woken looks again.
final class Alarm {
    private let loop: any EventLoop
    private let ring: () -> Void
    private var next: (deadline: NIODeadline, task: Scheduled<Void>)?

    init(loop: any EventLoop, ring: @escaping () -> Void) {
        self.loop = loop
        self.ring = ring
    }

    /// Rings at this time at the latest. `nil`: nothing new is due.
    func set(_ deadline: NIODeadline?) {
        guard let deadline else { return }
        if let next, next.deadline <= deadline { return }
        next?.task.cancel()
        let own = NIOLoopBound(self, eventLoop: loop)
        let task = loop.scheduleTask(deadline: deadline) {
            own.value.next = nil
            own.value.ring()
        }
        next = (deadline, task)
    }

    /// Does not ring any more, until it is set again.
    func cancel() {
        next?.task.cancel()
        next = nil
    }
}
