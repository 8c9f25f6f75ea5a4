import NIOCore
import Synchronization

/// The connections of a control server: bounded, and closed at the end.
final class ControlClients: Sendable {
    private let open = Mutex<[ObjectIdentifier: any Channel]>([:])
    private let max: Int

    init(max: Int = Limits.controlClientsMax) { self.max = max }

    /// False when there are too many already.
    func admit(_ channel: any Channel) -> Bool {
        let isAdmitted = open.withLock { open in
            guard open.count < max else { return false }
            open[ObjectIdentifier(channel)] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { _ in
            self.open.withLock { $0[ObjectIdentifier(channel)] = nil }
        }
        return true
    }

    /// Lets answers in hand leave for a moment, then hangs up.
    func closeAll() async {
        let deadline = ContinuousClock.now + Limits.farewellTime
        while ContinuousClock.now < deadline, open.withLock({ !$0.isEmpty }) {
            // Woken early by a cancellation it hangs up early.
            try? await Task.sleep(for: Limits.nodeStartTick)
        }
        for channel in open.withLock({ Array($0.values) }) {
            // Gone already is gone.
            try? await channel.close()
        }
    }
}
