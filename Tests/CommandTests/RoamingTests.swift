import Foundation
import TestSupport
import Testing

/// Machines that move, nets that break, lids that close: a reader of a mounted file notices a
/// pause and nothing else (docs/spec/nat.md 8, trap 5). Every read here fails after ten seconds.
@Suite(.timeLimit(.minutes(3)), .serialized)
struct RoamingTests {
    private static let chunk = 256 << 10
    private static let chunks = 40

    /// A large file, shared on one host and mounted on another.
    private final class Scene {
        let content: Data
        let sharer: Command
        let sharing: RunningCommand
        let reader: Command
        let mounting: RunningCommand
        private let descriptor: CInt

        init(
            sharer sharerHost: Namespace, reader readerHost: Namespace, _ options: [String]
        ) async throws {
            var random = SeededRandom(seed: 5)
            content = Data(
                (0..<chunk * chunks / 8).flatMap { _ in
                    withUnsafeBytes(of: random.next()) { Array($0) }
                })
            (sharer, reader) = try (Command(sharerHost), Command(readerHost))
            let folder = sharer.home("folder")
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true)
            try content.write(to: URL(fileURLWithPath: folder + "/large"))
            sharing = try RunningCommand(sharer, ["share", folder, "--json", "-v"] + options)
            let ready = try #require(await sharing.event("ready"), "\(sharing.errors)")
            let point = reader.home("mnt")
            try FileManager.default.createDirectory(
                atPath: point, withIntermediateDirectories: true)
            let words = [
                "mount", ready["key"].string, point, "--json", "--foreground", "-v",
                "--readahead", "0", "--timeout", "10",
            ]
            mounting = try RunningCommand(reader, words + options)
            _ = try #require(await mounting.event("mounted"), "\(mounting.errors)")
            descriptor = open(point + "/large", O_RDONLY | O_CLOEXEC)
        }

        deinit { close(descriptor) }

        /// Reads a part that was not read before, and compares it.
        func read(_ number: Int, sourceLocation: SourceLocation = #_sourceLocation) {
            var bytes = [UInt8](repeating: 0, count: chunk)
            let start = ContinuousClock.now
            let count = pread(descriptor, &bytes, chunk, off_t(number * chunk))
            let failure = count < 0 ? String(cString: strerror(errno)) : "\(count) bytes"
            print("part \(number): \(ContinuousClock.now - start)")
            let part = content[number * chunk..<(number + 1) * chunk]
            #expect(
                count == chunk && part.elementsEqual(bytes),
                "\(failure) \(mounting.errors)\n\(sharing.errors)",
                sourceLocation: sourceLocation)
        }

        func end() {
            #expect(mounting.end() == 0, "\(mounting.errors)")
            #expect(sharing.end() == 0, "\(sharing.errors)")
        }
    }

    private var canMount: Bool {
        let isThere = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(isThere || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        return isThere && Laboratory.isThere
    }

    /// On one LAN without a router: only multicast helps.
    @Test func aReaderWhoseAddressChangesReadsOnInHisNetwork() async throws {
        guard canMount else { return }
        let cable = try Cable()
        defer { withExtendedLifetime(cable) {} }
        let scene = try await Scene(sharer: cable.ends[0], reader: cable.ends[1], [])
        for number in 0..<5 { scene.read(number) }
        try cable.ends[1].ip("addr flush dev cable0 scope global")
        try cable.ends[1].ip("addr add 10.77.0.99/24 dev cable0")
        for number in 5..<10 { scene.read(number) }
        scene.end()
    }

    /// Behind a router, who sees the rest of the world only through it.
    @Test func aReaderWhoseAddressChangesReadsOnAcrossRouters() async throws {
        guard canMount else { return }
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let entries = try await EntryNodes(on: internet)
        let home = try internet.host(.portRestricted)
        let away = try internet.host(.portRestricted)
        let scene = try await Scene(
            sharer: home.machine, reader: away.machine, ["--no-mdns"] + entries.options)
        for number in 0..<5 { scene.read(number) }
        try away.move(to: 77)
        for number in 5..<10 { scene.read(number) }
        scene.end()
        #expect(entries.end() == [0, 0, 0])
    }
}
