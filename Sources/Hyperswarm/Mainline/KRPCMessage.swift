/// One datagram of the Mainline DHT (docs/spec/mainline-dht.md section 1).
struct KRPCMessage: DHTNumbered {
    enum Body {
        case query(method: String, arguments: Bencode)
        case response(Bencode)
        case error(code: Int64, text: String)
    }

    /// Whatever the asker chose; two bytes of a random number are ours.
    var transaction: [UInt8]
    var body: Body
    /// The address that this goes to, as the sender sees it; only in answers.
    var ip: DHTAddress?
    /// The sender answers nothing and is not to be kept.
    var isReadOnly = false

    init(_ body: Body, transaction: [UInt8] = [0, 0]) {
        self.transaction = transaction
        self.body = body
    }

    var rid: UInt16 {
        get { transaction.count == 2 ? UInt16(transaction[0]) << 8 | UInt16(transaction[1]) : 0 }
        set { transaction = [UInt8(newValue >> 8), UInt8(newValue & 0xff)] }
    }

    /// The number of a query of ours that this answers.
    var answeredRID: UInt16? { transaction.count == 2 ? rid : nil }

    init(decoding datagram: UnsafeRawBufferPointer) throws {
        let message = try BencodeReader.read(datagram)
        guard let transaction = message["t"]?.bytes,
            (1...Limits.Mainline.transactionBytes).contains(transaction.count)
        else { throw BencodeReader.Malformed() }
        switch message["y"]?.bytes {
        case [UInt8(ascii: "q")]:
            guard let method = message["q"]?.bytes,
                let name = String(validating: method, as: UTF8.self),
                let arguments = message["a"], arguments.isDictionary
            else { throw BencodeReader.Malformed() }
            body = .query(method: name, arguments: arguments)
        case [UInt8(ascii: "r")]:
            guard let values = message["r"], values.isDictionary else {
                throw BencodeReader.Malformed()
            }
            body = .response(values)
        case [UInt8(ascii: "e")]:
            guard let parts = message["e"]?.list, let code = parts.first?.integer else {
                throw BencodeReader.Malformed()
            }
            let text = parts.dropFirst().first?.bytes ?? []
            body = .error(code: code, text: String(decoding: text.prefix(200), as: UTF8.self))
        default: throw BencodeReader.Malformed()
        }
        self.transaction = transaction
        ip = message["ip"]?.bytes.flatMap { DHTAddress(exactly: $0) }
        isReadOnly = message["ro"]?.integer == 1
    }

    var encoded: [UInt8] {
        var members: [String: Bencode?] = ["t": .bytes(transaction)]
        switch body {
        case .query(let method, let arguments):
            members["y"] = Bencode.string("q")
            members["q"] = Bencode.string(method)
            members["a"] = arguments
            if isReadOnly { members["ro"] = Bencode.integer(1) }
        case .response(let values):
            members["y"] = Bencode.string("r")
            members["r"] = values
        case .error(let code, let text):
            members["y"] = Bencode.string("e")
            members["e"] = Bencode.list([.integer(code), .string(text)])
        }
        members["ip"] = ip.map { Bencode.bytes($0.bytes) }
        return Bencode.members(members).encoded
    }

    /// Bytes of an entry of `nodes`.
    static let nodeSize = 26

    /// The entries of `nodes`, at most two buckets full; those that cannot be are left out.
    static func nodes(in values: Bencode) -> [(id: DHTKey, address: DHTAddress)] {
        guard let bytes = values["nodes"]?.bytes else { return [] }
        let count = min(bytes.count / nodeSize, 2 * Limits.Mainline.bucketSize)
        return (0..<count).compactMap { index in
            let entry = bytes[(index * nodeSize)..<((index + 1) * nodeSize)]
            guard let id = MainlineID.key(entry.prefix(20)),
                let address = DHTAddress(exactly: Array(entry.suffix(6))), address.port != 0
            else { return nil }
            return (id, address)
        }
    }
}
