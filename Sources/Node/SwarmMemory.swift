import Foundation
import Hyperswarm

/// The file in which a store keeps what its swarm remembers: `<store>/hyperfs/network.json`.
enum SwarmMemory {
    private static func path(_ store: String) -> String { store + "/hyperfs/network.json" }

    /// What is there. A file that is missing, damaged or too long is as good as none: everything in
    /// it can be found again.
    static func load(store: String) -> Swarm.Memory {
        guard let handle = FileHandle(forReadingAtPath: path(store)),
            let data = try? handle.read(upToCount: Limits.memoryBytesMax + 1),
            data.count <= Limits.memoryBytesMax,
            let memory = try? JSONDecoder().decode(Swarm.Memory.self, from: data)
        else { return Swarm.Memory() }
        return memory
    }

    /// Replaces it. Throws NodeError when the store cannot be written.
    static func save(_ memory: Swarm.Memory, store: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        try DurableFile.replace(path(store), with: [UInt8](encoder.encode(memory)))
    }
}
