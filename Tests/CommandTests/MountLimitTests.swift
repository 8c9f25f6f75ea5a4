import Foundation
import TestSupport
import Testing

@testable import Node

/// More mounts than the machine lets a node have, and machines where a user cannot mount at all.
@Suite(.timeLimit(.minutes(2)), .serialized)
struct MountLimitTests {
    private func account() throws -> Command {
        var command = try Command()
        command.environment["HYPERFS_NO_DISCOVERY"] = "1"
        return command
    }

    private func mountpoint(_ command: Command, _ name: String) throws -> String {
        let path = command.home(name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    private var hasFuse: Bool {
        let hasFuse = FileManager.default.fileExists(atPath: "/dev/fuse")
        #expect(hasFuse || !ProcessEnvironment.isCI, "no /dev/fuse: mounts cannot be tested")
        return hasFuse
    }

    /// With the 1018th mount libfuse had taken the last key, and the node was gone.
    @Test func asManyMountsAsANodeTakesLeaveKeysForOthers() {
        #expect(Limits.mountsMax + 16 <= sysconf(Int32(_SC_THREAD_KEYS_MAX)))
    }

    @Test func withoutDescriptorsForMoreMountsThoseThatAreThereLiveOn() throws {
        guard hasFuse else { return }
        var command = try account()
        let most = 192
        command.wrapper = ["/bin/sh", "-c", "ulimit -n \(most); exec \"$0\" \"$@\""]
        #expect(try command.run("create", "--name", "notes").status == 0)
        let first = try mountpoint(command, "first")
        #expect(try command.run("mount", "notes", first).status == 0)
        try "text\n".write(toFile: first + "/file", atomically: false, encoding: .utf8)
        let node = try #require(try command.run("status", "--json").json.first)["node"]["pid"].int
        var points = [first]
        var refusal: Command.Result?
        while refusal == nil {
            let point = try mountpoint(command, "m\(points.count)")
            let result = try command.run("mount", "notes", point)
            if result.status == 0 { points.append(point) } else { refusal = result }
            try #require(points.count < most)
        }
        #expect(points.count > 10)
        #expect(refusal?.status == 1)
        #expect(refusal?.errors.contains("may have \(most)") == true, "\(refusal?.errors ?? "")")
        #expect(refusal?.errors.contains("ulimit -Hn") == true, "\(refusal?.errors ?? "")")
        for point in points {
            #expect(try String(contentsOfFile: point + "/file", encoding: .utf8) == "text\n")
        }
        let status = try #require(try command.run("status", "--json").json.first)
        #expect(status["node"]["pid"].int == node)
        #expect(status["mounts"].array.count == points.count)
        // What others give back is to be had; reading has taken some meanwhile.
        for point in points.suffix(points.count / 2) {
            #expect(try command.run("unmount", point).status == 0)
        }
        let again = try mountpoint(command, "again")
        #expect(try command.run("mount", "notes", again).status == 0)
        #expect(try command.run("node", "--stop").status == 0)
        let table = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!table.contains(command.home.path))
    }

    /// A user may have so many threads, and each mount has some.
    @Test func withoutThreadsForMoreMountsTheNodeSaysSoAndEndsInOrder() throws {
        // Known to fusermount3, and nobody's else: threads of others would count, too.
        guard hasFuse, geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0,
            let user = getpwnam("news")?.pointee.pw_uid
        else {
            #expect(!ProcessEnvironment.isCI, "other users cannot be tried without root")
            return
        }
        var command = try account()
        chown(command.home.path, user, user)
        let script = """
            cd $(mktemp -d -p \(command.home.path)); mkdir dev; mount -t tmpfs none dev
            mknod -m 666 dev/fuse c 10 229; mount --bind dev/fuse /dev/fuse; cd \(command.home.path)
            as="/usr/bin/setpriv --reuid=\(user) --regid=\(user) --clear-groups"
            $as "$0" create --name notes
            mkdir m0; chown \(user) m0; $as "$0" mount notes m0
            node=$($as "$0" status --json | sed 's/.*"pid":\\([0-9]*\\).*/\\1/')
            # Of the node alone: commands have threads, too.
            $as prlimit --pid $node --nproc=50:50
            for i in $(seq 1 60); do
                mkdir m$i; chown \(user) m$i
                $as "$0" mount notes m$i || { echo "mount $i: exit $?"; break; }
            done
            $as "$0" node --stop; echo "stop: exit $?"
            grep -c "\(command.home.path)/m" /proc/mounts
            """
        command.wrapper = [
            "/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script,
        ]
        let result = try command.run([])
        #expect(result.text.contains(": exit 1\nstop: exit 0\n0\n"), "\(result.text)")
        #expect(result.errors.contains("ulimit -u"), "\(result.text)\(result.errors)")
    }

    /// Not even the table of mounts can be read then.
    @Test func aNodeWithoutAnyDescriptorLeftStillUnmountsAndEnds() async throws {
        guard hasFuse else { return }
        let command = try account()
        #expect(try command.run("create", "--name", "notes").status == 0)
        let point = try mountpoint(command, "point")
        #expect(try command.run("mount", "notes", point).status == 0)
        try "text\n".write(toFile: point + "/file", atomically: false, encoding: .utf8)
        let open = FileHandle(forReadingAtPath: point + "/file")
        let node = try #require(try command.run("status", "--json").json.first)["node"]["pid"].int
        let words = ["--pid", "\(node)", "--nofile=3:3"]
        let limiting = try Process.run(URL(fileURLWithPath: "/usr/bin/prlimit"), arguments: words)
        limiting.waitUntilExit()
        #expect(limiting.terminationStatus == 0)
        #expect(kill(pid_t(node), SIGTERM) == 0)
        // The suite's time limit is what ends this if it does not.
        while kill(pid_t(node), 0) == 0 { try await Task.sleep(for: .milliseconds(20)) }
        let table = try String(contentsOfFile: "/proc/mounts", encoding: .utf8)
        #expect(!table.contains(command.home.path))
        try open?.close()
        #expect(try command.run("cat", "notes/file").text == "text\n")
    }

    /// How a machine is made unfit, in a namespace of mounts of the command's own.
    enum Lack: String, CaseIterable {
        /// Not installed: a file that cannot be run is in its place.
        case helper = "touch none; mount --bind none /usr/bin/fusermount3"
        /// The module is not loaded, a container was not given the device.
        case device = """
            mkdir dev; mount -t tmpfs none dev
            for n in null zero random urandom full; do
                touch dev/$n; mount --bind /dev/$n dev/$n
            done
            mount --rbind dev /dev
            """
        /// Somebody has taken its rights away.
        case right = """
            cp /usr/bin/fusermount3 none; chmod 755 none; mount --bind none /usr/bin/fusermount3
            mkdir dev; mount -t tmpfs none dev
            mknod -m 666 dev/fuse c 10 229; mount --bind dev/fuse /dev/fuse
            """
        /// It is there, and may not be opened.
        case permission = """
            mkdir dev; mount -t tmpfs none dev
            mknod -m 600 dev/fuse c 10 229; mount --bind dev/fuse /dev/fuse
            """

        /// Of the message.
        var words: [String] {
            switch self {
            case .helper: ["fusermount3", "fuse3"]
            case .right: ["fusermount3", "setuid"]
            case .device, .permission: ["/dev/fuse", "modprobe"]
            }
        }
    }

    @Test(arguments: Lack.allCases)
    func aUserWhoCannotMountIsToldWhatIsMissing(lack: Lack) throws {
        guard hasFuse, geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0 else {
            #expect(!ProcessEnvironment.isCI, "other users cannot be tried without root")
            return
        }
        var command = try account()
        chown(command.home.path, 65534, 65534)
        command.wrapper = [
            "/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-ec",
            "cd $(mktemp -d -p \(command.home.path)); " + lack.rawValue
                + "\ncd \(command.home.path); exec /usr/bin/setpriv --reuid=65534 --regid=65534 "
                + "--clear-groups \"$0\" \"$@\"",
        ]
        #expect(try command.run("create", "--name", "notes").status == 0)
        let point = try mountpoint(command, "point")
        chown(point, 65534, 65534)
        for words in [["mount", "notes", point], ["mount", "notes", point, "--foreground"]] {
            let result = try command.run(words)
            #expect(result.status == 5, "\(words): \(result.errors)")
            let lines = result.errors.split(separator: "\n")
            #expect(lines.count <= 3, "\(result.errors)")
            for word in lack.words { #expect(result.errors.contains(word), "\(result.errors)") }
        }
        let error = try #require(try command.run("mount", "notes", point, "--json").json.last)
        #expect(error["event"].string == "error")
        // The drive is there all the same.
        #expect(try command.run("ls", "notes").status == 0)
        guard lack != .right else { return }
        let doctor = try command.run("doctor")
        #expect(doctor.status == 1)
        #expect(doctor.text.contains(lack == .helper ? "fuse3" : "/dev/fuse"), "\(doctor.text)")
        #expect(doctor.errors == "")
    }

    @Test func whoMayNotMountAnyMoreIsToldWhoSaysSo() throws {
        guard hasFuse, geteuid() == 0, access("/usr/bin/setpriv", X_OK) == 0 else {
            #expect(!ProcessEnvironment.isCI, "other users cannot be tried without root")
            return
        }
        var command = try account()
        chown(command.home.path, 65534, 65534)
        let script = """
            cd $(mktemp -d -p \(command.home.path)); mkdir dev; mount -t tmpfs none dev
            mknod -m 666 dev/fuse c 10 229; mount --bind dev/fuse /dev/fuse
            mount -t tmpfs none /mnt; echo mount_max = 1 > /mnt/conf
            mount --bind /mnt/conf /etc/fuse.conf; cd \(command.home.path)
            as="/usr/bin/setpriv --reuid=65534 --regid=65534 --clear-groups"
            $as "$0" create --name notes; mkdir one two; chown 65534 one two
            $as "$0" mount notes one 2>&1 || true
            $as "$0" mount notes two; echo "exit $?"
            $as "$0" ls notes; $as "$0" node --stop
            """
        command.wrapper = [
            "/usr/bin/unshare", "-m", "--propagation", "private", "/bin/sh", "-c", script,
        ]
        let result = try command.run([])
        #expect(result.text.contains("exit 1"), "\(result.text)\(result.errors)")
        #expect(result.errors.contains("mount_max"), "\(result.errors)")
    }
}
