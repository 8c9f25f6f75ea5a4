import Foundation

/// Measures hyperfs as a user meets it: whole programs, real mounts, ratios within one run.
///
///     bench HYPERFS LABNET [section ...]
///
/// Sections: floor import local writes cold latency memory; only when asked for, the parts
/// writes-untar, -metadata, -clone, -large, -follower, and dht-simulation, dht-simulation-full
/// (100 000 nodes) and swarm-simulation. All but the simulations need root, FUSE, and for the
/// comparisons bindfs and sshfs; what is missing is said and left out of the table.
@main
struct Bench {
    static func main() {
        let arguments = Array(CommandLine.arguments.dropFirst())
        if arguments.first?.hasPrefix("tcp-") == true {
            PlainTCP.run(arguments)
            return
        }
        if arguments.first == "read" {
            Reader.run(arguments)
            return
        }
        if arguments.first == "metadata" {
            Metadata.run(arguments)
            return
        }
        guard arguments.count >= 2 else {
            print("usage: bench HYPERFS LABNET [floor|import|local|writes|cold|latency|memory ...]")
            exit(64)
        }
        let lab = Lab(hyperfs: arguments[0], labnet: arguments[1])
        let all = ["floor", "import", "local", "writes", "cold", "latency", "memory"]
        let wanted = arguments.count > 2 ? Array(arguments[2...]) : all
        let stops = [SIGINT, SIGTERM].map { cleaningUp(lab, at: $0) }
        defer { stops.forEach { $0.cancel() } }
        for section in wanted {
            do {
                switch section {
                case "floor": _ = lab.floor()
                case "import": try lab.imports()
                case "local": try lab.localReads()
                case "writes": try lab.writes()
                case _ where section.hasPrefix("writes-"):
                    try lab.writes(section.dropFirst("writes-".count))
                case "cold": try lab.coldReads()
                case "latency": try lab.latency()
                case "memory": try lab.memory()
                case "dht-simulation": DHTRuns.run(full: false)
                case "dht-simulation-full": DHTRuns.run(full: true)
                case "swarm-simulation": SwarmRuns.run()
                default: print("bench: no section '\(section)'; there are \(all)")
                }
            } catch {
                print("| \(section) | failed: \(error) | | |")
            }
            lab.cleanUp()
        }
    }

    /// Leaves no mounts and no processes behind when it is told to stop.
    private static func cleaningUp(_ lab: Lab, at number: Int32) -> any DispatchSourceSignal {
        signal(number, SIG_IGN)
        let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        nonisolated(unsafe) let lab = lab
        source.setEventHandler {
            lab.cleanUp()
            exit(128 + number)
        }
        source.resume()
        return source
    }
}
