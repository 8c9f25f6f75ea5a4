extension UnsafeRawBufferPointer {
    /// The start as libsodium wants it. Only for buffers that are never empty.
    var bytePointer: UnsafePointer<UInt8> {
        guard let start = bindMemory(to: UInt8.self).baseAddress else {
            preconditionFailure("keys and secrets are never empty")
        }
        return start
    }
}

extension UnsafeMutableRawBufferPointer {
    /// The start as libsodium wants it. Only for buffers that are never empty.
    var bytePointer: UnsafeMutablePointer<UInt8> {
        guard let start = bindMemory(to: UInt8.self).baseAddress else {
            preconditionFailure("keys and secrets are never empty")
        }
        return start
    }

    /// Copies all of `bytes` to an offset.
    func store(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
        let end = offset + bytes.count
        UnsafeMutableRawBufferPointer(rebasing: self[offset..<end]).copyMemory(from: bytes)
    }
}
