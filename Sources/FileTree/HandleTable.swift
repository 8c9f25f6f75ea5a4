import Synchronization

/// Open files or folders by the number the kernel was given.
final class HandleTable<Handle: Sendable>: Sendable {
    private struct State: Sendable {
        var handles: [UInt64: Handle] = [:]
        var next: UInt64 = 1
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.handles.count } }

    /// Every handle; for rare sweeps.
    var all: [Handle] { state.withLock { Array($0.handles.values) } }

    subscript(_ id: UInt64) -> Handle? { state.withLock { $0.handles[id] } }

    func add(_ handle: Handle) -> UInt64 {
        state.withLock { state in
            defer { state.next += 1 }
            state.handles[state.next] = handle
            return state.next
        }
    }

    func remove(_ id: UInt64) -> Handle? {
        state.withLock { $0.handles.removeValue(forKey: id) }
    }

    @discardableResult func removeAll() -> [Handle] {
        state.withLock { state in
            defer { state.handles = [:] }
            return Array(state.handles.values)
        }
    }
}
