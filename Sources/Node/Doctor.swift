import Corestore
import FuseMount
import Glibc
import HyperCrypto
import Hyperswarm
import NIOCore
import NIOPosix

/// `hyperfs doctor`: looks at what a mount and a share need, and says what to do about what is
/// missing. Changes nothing, needs no lock.
public enum Doctor {
    /// Whether this machine and this user can mount.
    public static func fuse() -> Finding {
        do {
            try Mount.checkSystem()
        } catch {
            let said = error as? MountError
            return Finding(
                "fuse", .failed, said?.message ?? "\(error)", hint: said?.hint ?? "")
        }
        // Its mode does not tell all: a container may keep it from root, too.
        let device = Glibc.open("/dev/fuse", O_RDWR | O_CLOEXEC)
        guard device >= 0 else {
            let reason = String(cString: strerror(errno))
            return Finding(
                "fuse", .failed, "/dev/fuse is there, but cannot be opened: \(reason)",
                hint: geteuid() == 0
                    ? "load it with 'modprobe fuse'; a container needs '--device /dev/fuse'"
                    : "its mode is 0666 on most systems: chmod 0666 /dev/fuse")
        }
        close(device)
        return Finding("fuse", .ok, "mounting is possible")
    }

    /// Whether the store can be used, by whom it is, and how much room there is.
    public static func store(_ folder: String) async -> Finding {
        do {
            if try await ControlClient.find(store: folder) != nil {
                return Finding("store", .ok, "\(folder): its node is running")
            }
            guard StoreAccess.exists(folder) else {
                return Finding("store", .ok, "\(folder) is not there yet; it is made when needed")
            }
            let store = try StoreAccess.open(folder, readOnly: false)
            try store.close()
        } catch {
            let said = NodeError(error, while: "opening it")
            return Finding("store", .failed, "\(folder): \(said.message)", hint: said.hint)
        }
        var status = Glibc.statvfs()
        guard statvfs(folder, &status) == 0 else {
            return Finding("store", .ok, folder)
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        guard free >= Limits.scarceBytes else {
            return Finding(
                "store", .warning, "\(folder): its disk has only \(free >> 20) MiB left",
                hint: "make room, or choose another disk with --store")
        }
        return Finding("store", .ok, "\(folder), \(free >> 30) GiB free")
    }

    /// What the network lets through: listens, asks around for some seconds, and tells.
    public static func network(_ configuration: Swarm.Configuration) async -> [Finding] {
        let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        let swarm = Swarm(loop: group.next(), configuration: configuration, handler: Silence())
        var findings: [Finding] = []
        do {
            let addresses = try await swarm.start()
            let diagnosis = await examine(swarm)
            let mappings = await swarm.portMappings()
            findings.append(listening(addresses))
            findings.append(lan(diagnosis))
            findings.append(dht(diagnosis, configuration))
            findings.append(mainline(diagnosis))
            findings.append(nat(diagnosis))
            findings.append(router(mappings, configuration, addresses))
        } catch {
            let said = NodeError(error, while: "listening")
            findings.append(Finding("listen", .failed, said.message, hint: said.hint))
        }
        await swarm.stop()
        try? await group.shutdownGracefully()
        return findings
    }

    /// Joins a topic that nobody else has, so that everything is asked, and waits until all that is
    /// to be known is known, or for the time that a slow network needs.
    private static func examine(_ swarm: Swarm) async -> Swarm.Diagnosis {
        var random = SystemRandomNumberGenerator()
        let topic = Blake2b.hash32(
            (0..<32).map { _ in UInt8.random(in: 0 ... .max, using: &random) })
        swarm.join(topic, announce: true, lookup: true)
        let end = ContinuousClock.now + Limits.examinationTime
        while true {
            let diagnosis = await swarm.diagnosis()
            let isDone =
                (diagnosis.lan?.echoes ?? 1) > 0
                && [diagnosis.dht, diagnosis.mainline].allSatisfy {
                    $0.map { $0.ownAddress != .unknown } ?? true
                }
            if isDone || ContinuousClock.now >= end || Task.isCancelled { return diagnosis }
            // Cancelled it returns at once, and so do we.
            try? await Task.sleep(for: Limits.patienceTick)
        }
    }

    /// Wants nothing from anybody.
    private final class Silence: Swarm.Handler {
        func opened(_ connection: Swarm.Connection) { connection.close(reason: nil) }
        func received(_ bytes: UnsafeRawBufferPointer, on connection: Swarm.Connection) {}
        func writable(_ connection: Swarm.Connection, _ isWritable: Bool) {}
        func closed(_ connection: Swarm.Connection, error: (any Error)?) {}
        func unreachable(_ peer: Swarm.Address, error: SwarmError) {}
    }
}
