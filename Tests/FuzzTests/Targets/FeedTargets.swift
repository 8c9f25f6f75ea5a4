import HyperCrypto
import Hypercore

extension FuzzTarget {
    static let feedTargets: [FuzzTarget] = [runLength, feedFiles, proof]

    private static let pair = KeyPair(seed: Blake2b.hash32([1]))

    private static func source(blocks: Int = 9) throws -> (Feed, MemoryStorage) {
        let storage = MemoryStorage()
        let feed = try Feed(storage: storage, keyPair: pair)
        try feed.append((0..<blocks).map { [UInt8](repeating: UInt8($0), count: 3 * $0) })
        return (feed, storage)
    }

    private static let runLength = FuzzTarget("run-length") {
        [
            RunLength.encode([UInt8](repeating: 0xff, count: 100)),
            RunLength.encode([1, 2, 3] + [UInt8](repeating: 0, count: 40) + [4]),
        ]
    } body: { input in
        let bytes = input.rest()
        let decoded = try RunLength.decode(bytes, maxBytes: 4096)
        check(decoded.count <= 4096, "never more than was allowed")
        let again = try RunLength.decode(RunLength.encode(decoded), maxBytes: 4096)
        let used = decoded.lastIndex { $0 != 0 }.map { $0 + 1 } ?? 0
        check(again.prefix(used) == decoded.prefix(used), "encoding loses nothing but zeros")
    }

    private static let files: [FeedFile] = [.tree, .signatures, .bitfield, .data]

    /// A folder whose files were tampered with, read-only or (bit 0) the writer's own.
    private static let feedFiles = FuzzTarget("feed-files") {
        let (_, storage) = try source()
        let pieces = files.flatMap { file in
            var bytes = storage.contents(of: file) ?? []
            // Most of a bitfield page is zeros; the fuzzer need not learn that.
            while file == .bitfield, bytes.count > 64, bytes.last == 0 { bytes.removeLast() }
            return FuzzInput.piece(bytes)
        }
        return [[0] + pieces, [1] + pieces]
    } body: { input in
        let storage = MemoryStorage()
        let isWriter = input.byte() & 1 == 1
        for file in files { storage.setContents(input.piece(), of: file) }
        let feed = try Feed(
            storage: storage, key: pair.publicKey, keyPair: isWriter ? pair : nil)
        for block in 0..<min(feed.length, 16) {
            _ = try? feed.block(block)
            _ = try? feed.byteOffset(of: block)
            _ = try? feed.proof(
                for: block, digest: 0, includeLeaf: true, remote: RemoteNodes())
        }
        _ = try? feed.seek(byte: feed.byteLength / 2)
        _ = feed.encodedBits(start: 0, length: min(feed.length, 1 << 16))
        _ = try? feed.verifyStored(0..<min(feed.length, 16))
        if isWriter {
            let before = feed.length
            let first = try feed.append([[1, 2, 3]])
            check(first == before, "an append goes to the end")
            check(try feed.block(first) == [1, 2, 3], "what was written is read")
        } else {
            let (honest, _) = try source()
            try offer(honest, to: feed)
        }
        try feed.close()
    }

    /// Proofs that were tampered with: whatever is taken must be the truth.
    private static let proof = FuzzTarget("proof") {
        [
            [0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 8, 0, 0, 0],
            [4, 1, 0, 1, 4, 2, 9, 9, 3, 4, 3, 2, 2, 5, 1, 1, 7, 6, 0, 0, 0, 7, 200, 3],
        ]
    } body: { input in
        let (honest, _) = try source()
        let replica = try Feed(storage: MemoryStorage(), key: pair.publicKey)
        for _ in 0..<64 where !input.isEmpty {
            try tamper(&input, honest, replica)
            check(replica.length <= honest.length, "nothing is longer than what was signed")
        }
        for block in 0..<honest.length where replica.has(block) {
            let (ours, theirs) = (try replica.block(block), try honest.block(block))
            check(ours == theirs, "what was stored is what was signed")
        }
        try offer(honest, to: replica)
        check(replica.hasAll(0..<honest.length), "honest answers are taken after all the lies")
    }

    private static func tamper(
        _ input: inout FuzzInput, _ honest: Feed, _ replica: Feed
    ) throws {
        var block = UInt64(input.byte() % 12)
        let digest = replica.digest(for: block)
        let found = try? honest.proof(
            for: min(block, 8), digest: input.byte() & 1 == 0 ? digest : input.number(),
            includeLeaf: input.byte() & 1 == 1, remote: RemoteNodes())
        guard var proof = found ?? nil else { return }
        var value = try honest.block(min(block, 8))
        switch input.byte() % 10 {
        case 1: value = nil
        case 2: value = input.piece()
        case 3 where !proof.nodes.isEmpty:
            proof.nodes.remove(at: Int(input.byte()) % proof.nodes.count)
        case 4 where !proof.nodes.isEmpty:
            proof.nodes[Int(input.byte()) % proof.nodes.count].index = UInt64(input.byte())
        case 5 where !proof.nodes.isEmpty:
            proof.nodes[Int(input.byte()) % proof.nodes.count].size = input.number()
        case 6 where !proof.nodes.isEmpty:
            let index = Int(input.byte()) % proof.nodes.count
            proof.nodes.append(proof.nodes[index])
        case 7: block = input.number()
        case 8: proof.signature = input.byte() & 1 == 0 ? nil : input.piece()
        case 9: proof.nodes.reverse()
        default: break
        }
        try? replica.put(block, value: value, proof: proof)
    }

    private static func offer(_ honest: Feed, to replica: Feed) throws {
        for block in 0..<honest.length {
            let proof = try honest.proof(
                for: block, digest: 0, includeLeaf: false, remote: RemoteNodes())
            guard let proof else { continue }
            try replica.put(block, value: try honest.block(block), proof: proof)
        }
    }
}
