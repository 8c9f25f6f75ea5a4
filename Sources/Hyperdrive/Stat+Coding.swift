import Foundation
import HyperCrypto
import WireMessages

/// The bytes of a Stat, as every implementation writes them.
extension Stat {
    /// Decodes the value of a visible key. Throws `corrupt` for what is not a Stat, and for one
    /// that contradicts itself or exceeds a limit (docs/spec/hyperdrive.md section 11).
    public init(decoding bytes: [UInt8]) throws {
        guard bytes.count <= SpecLimits.statBytesMax,
            let message = try? Drive_Stat(serializedBytes: bytes)
        else { throw DriveError.corrupt("entry", "its description cannot be read") }
        self.init(mode: message.mode & 0o177_777)
        uid = message.uid
        gid = message.gid
        size = message.size
        blocks = message.blocks
        offset = message.offset
        byteOffset = message.byteOffset
        mtime = message.mtime
        ctime = message.ctime
        if message.hasLinkname { linkname = message.linkname }
        if message.hasMount {
            guard let key = PublicKey(message.mount.key) else {
                throw DriveError.corrupt("entry", "its nested drive has no proper key")
            }
            let version = message.mount.version
            mount = (key, version == 0 ? nil : version, message.mount.hypercore)
            if message.mount.hasHash { mountHash = [UInt8](message.mount.hash) }
        }
        attributes = message.metadata.map { ($0.key, $0.hasValue ? [UInt8]($0.value) : nil) }
        try check()
    }

    /// The value of a visible key: fields 1 to 9 always, the others when they are set.
    public func encoded() -> [UInt8] {
        var message = Drive_Stat()
        message.mode = mode
        message.uid = uid
        message.gid = gid
        message.size = size
        message.blocks = blocks
        message.offset = offset
        message.byteOffset = byteOffset
        message.mtime = mtime
        message.ctime = ctime
        if let linkname, !linkname.isEmpty { message.linkname = linkname }
        if let mount {
            message.mount.key = Data(mount.key.raw.bytes)
            if let version = mount.version { message.mount.version = version }
            if let mountHash { message.mount.hash = Data(mountHash) }
            message.mount.hypercore = mount.isHypercore
        }
        message.metadata = attributes.map { name, value in
            var attribute = Drive_Stat.Attribute()
            attribute.key = name
            if let value { attribute.value = Data(value) }
            return attribute
        }
        do {
            return try message.serializedBytes()
        } catch {
            preconditionFailure("all required fields are set: \(error)")
        }
    }

    /// What a foreign writer may have got wrong, or put there to do harm.
    private func check() throws(DriveError) {
        let numbers = [size, blocks, offset, byteOffset, mtime, ctime, mount?.version ?? 0]
        guard numbers.allSatisfy({ $0 <= SpecLimits.numberMax }),
            offset + blocks <= SpecLimits.numberMax, byteOffset + size <= SpecLimits.numberMax
        else { throw .corrupt("entry", "a number in its description is too large") }
        if kind == .file, mount == nil {
            let (most, overflow) = blocks.multipliedReportingOverflow(by: SpecLimits.blockBytesMax)
            guard overflow || size <= most else {
                throw .corrupt("entry", "its \(blocks) blocks cannot hold \(size) bytes")
            }
        }
        guard (linkname?.utf8.count ?? 0) <= SpecLimits.linkBytesMax else {
            throw .corrupt("entry", "its link target is too long")
        }
        let bytes = attributes.reduce(0) { $0 + $1.name.utf8.count + ($1.value?.count ?? 0) }
        guard attributes.count <= SpecLimits.attributesMax, bytes <= SpecLimits.attributeBytesMax,
            attributes.allSatisfy({ $0.name.utf8.count <= SpecLimits.attributeNameBytesMax })
        else { throw .corrupt("entry", "its attributes are too many or too large") }
    }
}
