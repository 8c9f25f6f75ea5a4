import Foundation
import TestSupport
import Testing

/// Machines that move, nets that break, lids that close: a reader of a mounted file notices a
/// pause and nothing else (docs/spec/nat.md 8, trap 5). Most reads here fail after ten seconds.
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
            sharer sharerHost: Namespace, reader readerHost: Namespace, _ options: [String],
            timeout: Int = 10
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
            sharing = try RunningCommand(
                sharer, ["share", folder, "--foreground", "--json", "-v"] + options)
            let ready = try #require(await sharing.event("ready"), "\(sharing.errors)")
            let point = reader.home("mnt")
            try FileManager.default.createDirectory(
                atPath: point, withIntermediateDirectories: true)
            let words = [
                "mount", ready["key"].string, point, "--json", "--foreground", "-v",
                "--readahead", "0", "--timeout", "\(timeout)",
            ]
            mounting = try RunningCommand(reader, words + options)
            _ = try #require(await mounting.event("mounted"), "\(mounting.errors)")
            descriptor = open(point + "/large", O_RDONLY | O_CLOEXEC)
        }

        deinit { close(descriptor) }

        /// Reads a part that was not read before. Returns what is wrong with it.
        func failure(reading number: Int) async -> String? {
            let file = descriptor
            let (bytes, failure) = await onThread {
                var bytes = [UInt8](repeating: 0, count: chunk)
                let count = pread(file, &bytes, chunk, off_t(number * chunk))
                let failure = count < 0 ? String(cString: strerror(errno)) : "\(count) bytes"
                return (bytes, count == chunk ? nil : failure)
            }
            if let failure { return failure }
            let part = content[number * chunk..<(number + 1) * chunk]
            return part.elementsEqual(bytes) ? nil : "other bytes"
        }

        /// The same, and nothing is wrong with it.
        func read(
            _ numbers: Range<Int>, sourceLocation: SourceLocation = #_sourceLocation
        ) async {
            for number in numbers {
                let start = ContinuousClock.now
                let failure = await failure(reading: number)
                print("part \(number) after \(ContinuousClock.now - start)")
                #expect(
                    failure == nil, "part \(number): \(mounting.errors)\n\(sharing.errors)",
                    sourceLocation: sourceLocation)
            }
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
        await scene.read(0..<5)
        try cable.ends[1].ip("addr flush dev cable0 scope global")
        try cable.ends[1].ip("addr add 10.77.0.99/24 dev cable0")
        await scene.read(5..<10)
        scene.end()
    }

    /// Behind a router, who sees the rest of the world only through it.
    @Test func aReaderWhoseAddressChangesReadsOnAcrossRouters() async throws {
        guard canMount else { return }
        try await withScene { _, _, away, scene in
            await scene.read(0..<5)
            try away.move(to: 77)
            await scene.read(5..<10)
        }
    }

    /// His own address changes; who reads hears of it on the LAN, but must find out by himself
    /// that nothing comes any more from the old one.
    @Test func aSharerWhoseAddressChangesIsReadOn() async throws {
        guard canMount else { return }
        let cable = try Cable()
        defer { withExtendedLifetime(cable) {} }
        let scene = try await Scene(sharer: cable.ends[0], reader: cable.ends[1], [], timeout: 30)
        await scene.read(0..<5)
        try cable.ends[0].ip("addr flush dev cable0 scope global")
        try cable.ends[0].ip("addr add 10.77.0.99/24 dev cable0")
        await scene.read(5..<10)
        scene.end()
    }

    // What takes its time, all at once.
    @Test func whatWasAwayForLongComesBack() async throws {
        guard canMount else { return }
        async let partition: Void = partitionHeals()
        async let sleep: Void = sleeperWakes()
        async let silence: Void = silentSharerStaysInReach()
        _ = try await (partition, sleep, silence)
    }

    /// A net that breaks somewhere between them: nobody's own address changes.
    private func partitionHeals() async throws {
        try await withScene { internet, home, _, scene in
            await scene.read(0..<5)
            try internet.cut(home)
            #expect(await scene.failure(reading: 5) != nil)
            func isLost() -> Bool { scene.mounting.errors.contains(" lost: ") }
            while !isLost() { try await Task.sleep(for: .milliseconds(100)) }
            try internet.heal(home)
            await scene.read(5..<10)
        }
    }

    /// A lid that closes: whoever it was connected with gives up.
    private func sleeperWakes() async throws {
        try await withScene { _, _, _, scene in
            await scene.read(0..<5)
            kill(scene.mounting.identifier, SIGSTOP)
            func isLost() -> Bool { scene.sharing.errors.contains(" lost: ") }
            while !isLost() { try await Task.sleep(for: .milliseconds(100)) }
            kill(scene.mounting.identifier, SIGCONT)
            await scene.read(5..<10)
        }
    }

    /// A router that forgets after half a minute of silence, and nobody who asks for longer.
    private func silentSharerStaysInReach() async throws {
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let entries = try await EntryNodes(on: internet)
        let home = try internet.host(.portRestricted)
        let router = try #require(home.router)
        for name in ["udp_timeout", "udp_timeout_stream"] {
            try router.run("sysctl", "-qw", "net.netfilter.nf_conntrack_\(name)=30")
        }
        let sharer = try Command(home.machine)
        defer { withExtendedLifetime(sharer.home) {} }
        let sharing = try await sharer.share(["--no-mdns"] + entries.options)
        // What is waited for is that nothing happens.
        let end = ContinuousClock.now + .seconds(40)
        while ContinuousClock.now < end { try await Task.sleep(until: end) }
        let reader = try Command(try internet.host(.portRestricted).machine)
        let words = ["cat", sharing.key + "/file", "--no-mdns", "-v"] + entries.options
        let cat = try await onThread { Result { try reader.run(words) } }.get()
        #expect(cat.text == "found\n", "\(cat.errors)")
        #expect(sharing.running.end() == 0)
        #expect(entries.end() == [0, 0, 0])
    }

    /// Two behind routers of their own.
    private func withScene(
        _ body: (Internet, Internet.Host, Internet.Host, Scene) async throws -> Void
    ) async throws {
        let internet = try Internet()
        defer { withExtendedLifetime(internet) {} }
        let entries = try await EntryNodes(on: internet)
        let home = try internet.host(.portRestricted)
        let away = try internet.host(.portRestricted)
        let scene = try await Scene(
            sharer: home.machine, reader: away.machine, ["--no-mdns"] + entries.options)
        try await body(internet, home, away, scene)
        scene.end()
        #expect(entries.end() == [0, 0, 0])
    }
}
