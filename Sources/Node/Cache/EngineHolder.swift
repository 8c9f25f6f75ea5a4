import Synchronization

/// A way back to an engine that does not keep it alive.
final class EngineHolder: Sendable {
    struct Weak: Sendable { weak var value: Engine? }

    let engine = Mutex(Weak())
}
