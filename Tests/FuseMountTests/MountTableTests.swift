import Testing

@testable import FuseMount

@Suite(.timeLimit(.minutes(1)))
struct MountTableTests {
    @Test func linesAreReadAndEscapesUndone() throws {
        let table = MountTable(
            parsing: """
                36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
                40 35 0:51 / /tmp/a\\040b rw - fuse.hyperfs hyper://\\134x rw
                41 35 0:52 / /tmp/c rw shared:2 propagate_from:3 - fuse.sshfs host: rw
                broken line
                42 35 0:53 / /tmp/c rw - tmpfs none rw
                """)
        #expect(table.lines.count == 4)
        let ours = try #require(table.mount(at: "/tmp/a b"))
        #expect(ours.type == "fuse.hyperfs")
        #expect(ours.source == "hyper://\\x")
        #expect(ours.device == "0:51")
        #expect(table.mount(at: "/tmp/c")?.type == "tmpfs", "the last one is seen")
        #expect(table.mount(at: "/nowhere") == nil)
    }

    @Test func theTableOfThisMachineHasARoot() {
        #expect(MountTable.current().mount(at: "/") != nil)
    }
}
