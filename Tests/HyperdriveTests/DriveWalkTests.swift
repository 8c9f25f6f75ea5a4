import Corestore
import Hypercore
import Hypertrie
import TestSupport
import Testing

@testable import Hyperdrive

/// Walks through drives that have more than anybody may hold at once.
@Suite(.timeLimit(.minutes(1)))
struct DriveWalkTests {
    let store = Store(memory: SeededRandom(seed: 32))

    @Test func aWalkHoldsOnePageAtATime() throws {
        let drive = try Drive.create(in: store)
        // Folders with and without an entry of their own, files in all of them.
        var wanted: Set<String> = []
        var edits: [Drive.Edit] = []
        for folder in 0..<100 {
            wanted.insert("/\(folder)")
            if folder % 2 == 0 {
                edits.append(.put(path: "/\(folder)", stat: Stat.directory(mtime: 1)))
            }
            for file in 0..<50 {
                wanted.insert("/\(folder)/\(file)")
                edits.append(.put(path: "/\(folder)/\(file)", stat: Stat.file(mtime: 1)))
            }
        }
        try drive.apply(edits)
        for size in [1, 7, 1000, DriveWalk.pageEntries] {
            let walk = try drive.walk()
            var seen: Set<String> = []
            while true {
                let page = try walk.next(atMost: size)
                #expect(page.count <= size + SpecLimits.namesMax)
                guard !page.isEmpty else { break }
                for entry in page {
                    let isNew = seen.insert(entry.path).inserted
                    let parent = DrivePath.parent(of: entry.path).map(String.init) ?? ""
                    #expect(isNew && (parent.isEmpty || seen.contains(parent)))
                }
            }
            #expect(seen == wanted)
            #expect(try walk.next().isEmpty)
        }
    }

    /// A few hundred blocks, and 30 to the power of six entries.
    @Test func aWalkThroughDrivesWithoutEndGoesOnAsLongAsItIsAsked() throws {
        let stat = Stat.directory(mtime: 1)
        var inner = try Drive.create(in: store)
        try inner.writeFile("/file", [1], mtime: 1)
        for _ in 0..<6 {
            let outer = try Drive.create(in: store)
            let key = inner.key
            try outer.apply(
                (0..<30).map { .mount(path: "/\($0)", key: key, version: nil, stat: stat) })
            inner = outer
        }
        let walk = try inner.walk("/", enterMounts: true)
        for _ in 0..<5 {
            let page = try walk.next()
            #expect(page.count >= DriveWalk.pageEntries)
            #expect(page.count <= DriveWalk.pageEntries + SpecLimits.namesMax)
        }
        let error = #expect(throws: DriveError.self) {
            try inner.everything("/", enterMounts: true, atMost: 10_000)
        }
        #expect(error?.code == .tooLarge)
        #expect(error?.errno == 27)
        #expect(error?.message.contains("more than 10000 entries") == true)
    }

    /// What is missing is fetched, and the walk goes on where it was.
    @Test func aWalkKeepsItsPlaceWhereBlocksAreMissing() throws {
        let drive = try Drive.create(in: store)
        try drive.apply((0..<200).map { .put(path: "/\($0 % 9)/\($0)", stat: .file(mtime: 1)) })
        let reader = Store(memory: SeededRandom(seed: 33))
        let copy = try Drive(store: reader, key: drive.key)
        let last = drive.metadata.length - 1
        for block in [0, last] { try Self.fetch(block, from: drive, to: copy) }
        let walk = try copy.walk()
        var found: [String] = []
        var waits = 0
        while true {
            do {
                let page = try walk.next(atMost: 16)
                if page.isEmpty { break }
                found += page.map(\.path)
            } catch let missing as MissingBlocks {
                waits += 1
                // One block of those that it names: it asks again, and again.
                let first = try #require(Self.first(of: missing.target))
                try Self.fetch(first, from: drive, to: copy)
            }
        }
        #expect(waits > 10)
        #expect(found.sorted() == (try drive.everything().map(\.path).sorted()))
    }

    private static func first(of target: Demand.Target) -> UInt64? {
        switch target {
        case .blocks(let range): range.lowerBound
        case .list(let blocks): blocks.first
        default: nil
        }
    }

    private static func fetch(_ block: UInt64, from drive: Drive, to copy: Drive) throws {
        let found = try drive.metadata.proof(
            for: block, digest: copy.metadata.digest(for: block), includeLeaf: false,
            remote: RemoteNodes())
        let proof = try #require(found)
        let value = try #require(try drive.metadata.block(block))
        try copy.metadata.put(block, value: value, proof: proof)
    }
}
