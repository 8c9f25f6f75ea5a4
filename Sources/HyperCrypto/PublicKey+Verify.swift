import CSodium

extension PublicKey {
    /// Whether `signature` is this key's for the message.
    public func verifies(_ signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == 64 else { return false }
        return raw.withUnsafeBytes { key in
            crypto_sign_verify_detached(
                signature, message, UInt64(message.count), key.bytePointer) == 0
        }
    }

    /// Whether `signature` is this key's for a tree of `length` blocks, in the 40-byte form that is
    /// written today or the 32-byte form of old feeds (docs/spec/hypercore.md section 4).
    public func verifies(_ signature: [UInt8], treeHash: Bytes32, length: UInt64) -> Bool {
        verifies(signature, for: TreeHash.signable(treeHash: treeHash, length: length))
            || verifies(signature, for: treeHash.bytes)
    }
}
