import CSodium

/// Secret bytes in memory that is locked against swapping, fenced by guard pages, and wiped when
/// the last owner lets go.
///
/// `@unchecked Sendable` without a lock: the memory is written only inside `init`.
public final class SecureBytes: @unchecked Sendable {
    private let pointer: UnsafeMutableRawPointer

    /// How many bytes there are.
    public let count: Int

    /// Memory of `count` bytes that `fill` writes.
    public init(count: Int, fill: (UnsafeMutableRawBufferPointer) throws -> Void) rethrows {
        precondition(sodium_init() >= 0, "libsodium must start")
        guard let pointer = sodium_malloc(count) else {
            preconditionFailure("no locked memory for a secret of \(count) bytes")
        }
        self.pointer = pointer
        self.count = count
        do {
            try fill(UnsafeMutableRawBufferPointer(start: pointer, count: count))
        } catch {
            sodium_free(pointer)
            throw error
        }
        sodium_mprotect_readonly(pointer)
    }

    deinit { sodium_free(pointer) }

    /// Lends the bytes for reading; they must not be copied to ordinary memory without need.
    public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
        try body(UnsafeRawBufferPointer(start: pointer, count: count))
    }

    /// A secret of the first bytes.
    func prefix(_ count: Int) -> SecureBytes {
        SecureBytes(count: count) { out in
            withUnsafeBytes { out.copyBytes(from: $0.prefix(count)) }
        }
    }
}
