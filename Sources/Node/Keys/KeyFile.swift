import HyperCrypto

/// The right to write a drive, as a text that fits on a page (docs/keys.md):
///
///     hyperfs-key 1
///     name notes
///     drive <64 hexadecimal digits>
///     version 123
///     blocks 45
///     metadata-secret <64 digits>
///     content-secret <64 digits>
///     checksum <64 digits>
///
/// Lines that begin with `#` and empty lines do not count. The checksum is the BLAKE2b-256 of all
/// lines that count before it, each with its line feed.
public struct KeyFile: Sendable {
    /// What its owner calls the drive.
    public let name: String?
    /// The pair of the metadata feed; its public key names the drive.
    public let metadata: KeyPair
    /// The pair of the content feed.
    public let content: KeyPair
    /// How long both feeds were when the file was written: whoever has less must not write.
    public let version: UInt64
    /// Blocks of the content feed then.
    public let blocks: UInt64

    /// The drive.
    public var drive: PublicKey { metadata.publicKey }

    /// A file's content.
    public init(
        name: String?, metadata: KeyPair, content: KeyPair, version: UInt64, blocks: UInt64
    ) {
        self.name = name
        self.metadata = metadata
        self.content = content
        self.version = version
        self.blocks = blocks
    }

    private static let magic = "hyperfs-key 1"
    private static let remarks = """
        # Whoever has this text can change the drive. Keep it as you keep a password.
        # Use it in one place only: two writers with one key destroy a drive.

        """

    /// The text.
    public var text: String {
        var lines = [Self.magic]
        if let name { lines.append("name \(name)") }
        lines += [
            "drive \(drive.hex)", "version \(version)", "blocks \(blocks)",
            "metadata-secret \(Self.seed(metadata))", "content-secret \(Self.seed(content))",
        ]
        let body = lines.map { $0 + "\n" }.joined()
        return Self.remarks + body + "checksum \(Blake2b.hash32(Array(body.utf8)).hex)\n"
    }

    /// Reads a text. Throws `.corrupt` for one that was cut or changed, `.usage` for anything else.
    public init(_ text: String) throws(NodeError) {
        let lines = text.split(whereSeparator: \.isNewline)
            .map { $0.trimming(while: \.isWhitespace) }
            .filter { !$0.isEmpty && !$0.hasPrefix("#") }
        guard let first = lines.first, first.hasPrefix("hyperfs-key ") else {
            throw NodeError(
                .usage, "this is no key file", hint: "'hyperfs key export DRIVE' writes one")
        }
        guard first == Self.magic else {
            throw NodeError(
                .usage, "this key file is of a newer kind: \(first)", hint: "update hyperfs")
        }
        let body = lines.dropLast().map { $0 + "\n" }.joined()
        guard lines.last == "checksum \(Blake2b.hash32(Array(body.utf8)).hex)" else {
            throw Self.damaged("its checksum is wrong")
        }
        var fields: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: " ", maxSplits: 1)
            guard parts.count == 2 else { continue }
            fields[String(parts[0])] = String(parts[1])
        }
        metadata = try Self.pair(fields["metadata-secret"])
        content = try Self.pair(fields["content-secret"])
        guard fields["drive"] == metadata.publicKey.hex else {
            throw Self.damaged("its secret is not that of its drive")
        }
        guard let version = fields["version"].flatMap({ UInt64($0) }),
            let blocks = fields["blocks"].flatMap({ UInt64($0) }), max(version, blocks) < 1 << 53
        else { throw Self.damaged("it does not say how long the drive was") }
        self.version = version
        self.blocks = blocks
        name = fields["name"].flatMap { DriveReference.isName($0) ? $0 : nil }
    }

    private static func seed(_ pair: KeyPair) -> String {
        pair.secretKey.withUnsafeBytes { [UInt8]($0.prefix(32)) }.hex
    }

    private static func pair(_ digits: String?) throws(NodeError) -> KeyPair {
        guard let seed = digits.flatMap({ Bytes32(hex: $0) }) else {
            throw damaged("a secret has 64 hexadecimal digits")
        }
        return KeyPair(seed: seed)
    }

    private static func damaged(_ what: String) -> NodeError {
        NodeError(
            .corrupt, "this key file is damaged: \(what)", hint: "use another copy of it")
    }
}

extension Substring {
    fileprivate func trimming(while matches: (Character) -> Bool) -> String {
        var rest = drop(while: matches)
        while let last = rest.last, matches(last) { rest.removeLast() }
        return String(rest)
    }
}
