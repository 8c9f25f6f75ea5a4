import FileTree
import FuseMount
import Glibc
import TestSupport
import Testing

extension FuseMountTests {
    /// Mounts that somebody has a copy of: services and containers take all there are into a
    /// namespace of their own, where nobody unmounts them.
    @Suite(.timeLimit(.minutes(1))) struct Namespaces {
        private func canSeparate() -> Bool {
            guard geteuid() == 0, access("/usr/bin/unshare", X_OK) == 0 else {
                #expect(!ProcessEnvironment.isCI, "namespaces need root and unshare")
                return false
            }
            return true
        }

        /// A process with copies of all mounts, until `end` is made.
        private func hold(_ folder: MountedFolder) async throws -> Shell {
            let (ready, end) = (folder.path + "-ready", folder.path + "-end")
            let body =
                "ls \(folder.path); touch \(ready); "
                + "while [ ! -e \(end) ]; do sleep 0.05; done"
            let shell = try Shell("exec unshare -m --propagation private sh -c '\(body)'")
            while access(ready, F_OK) != 0 { try await Task.sleep(for: .milliseconds(10)) }
            return shell
        }

        @Test(arguments: [false, true])
        func aCopyElsewhereDoesNotKeepAMountFromEnding(unlessInUse: Bool) async throws {
            guard canSeparate() else { return }
            let folder = try MountedFolder {
                try $0.writeFile("/f", pattern(1000), mtime: 1_000_000)
            }
            let holder = try await hold(folder)
            let mount = folder.mount
            if unlessInUse {
                try await blocking { Result { try mount.unmountUnlessInUse() } }.get()
            }
            await blocking { folder.end() }
            #expect(try await Shell.run("touch \(folder.path)-end").status == 0)
            #expect(await holder.finish().output == "f\n")
        }

        @Test func aMountInUseStays() async throws {
            let folder = try MountedFolder {
                try $0.writeFile("/f", pattern(1000), mtime: 1_000_000)
            }
            let file = open(folder("f"), O_RDONLY)
            defer { close(file) }
            let mount = folder.mount
            let result = await blocking { Result { try mount.unmountUnlessInUse() } }
            #expect(throws: MountError.self) { try result.get() }
            #expect(await slurp(folder("f"))?.count == 1000)
        }
    }
}
