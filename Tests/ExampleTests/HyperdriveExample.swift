import Corestore
import HyperCrypto
import Hyperdrive
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HyperdriveExample {
    @Test func runs() throws {
        // -- the example
        let drive = try Drive.create(in: Store(memory: SystemRandom()))
        try drive.writeFile("/docs/a.txt", Array("hello".utf8), mtime: 1_600_000_000_000)
        let before = try drive.checkout(drive.version)
        try drive.apply([
            .delete(path: "/docs/a.txt"),
            .put(path: "/link", stat: .symlink("docs", mtime: 1_600_000_000_000)),
        ])

        for entry in try drive.list("/") { print(entry.name, entry.stat.kind) }  // link symlink
        print(String(decoding: try before.read("/docs/a.txt"), as: UTF8.self))  // hello
        // -- its end
    }
}
