import Foundation
import Hyperswarm
import Logging
import NIOCore
import NIOPosix

/// `hyperfs bootstrap`: an entry node with a thread of its own, and a file for what it knows.
public final class EntryPoint: Sendable {
    /// Addresses that others can enter by, the most reachable first.
    public let addresses: [Swarm.Address]
    private let node: EntryNode
    private let group: MultiThreadedEventLoopGroup
    private let file: String
    private let logger: Logger

    /// Binds and begins. `store` is a folder, made if need be: what the node knows is kept there
    /// under the number of its port. Throws NodeError.
    public init(
        _ configuration: EntryNode.Configuration, store: String, logger: Logger
    ) async throws {
        let folder = store + "/hyperfs"
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true,
                attributes: [.posixPermissions: 0o700])
        } catch {
            throw NodeError(error, while: "making \(folder)")
        }
        file = folder + "/bootstrap-\(configuration.listen.port).json"
        self.logger = logger
        group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
        var configuration = configuration
        configuration.memory = Self.load(file)
        node = EntryNode(loop: group.next(), configuration: configuration)
        do {
            addresses = try await node.start()
        } catch {
            await node.stop()
            try? await group.shutdownGracefully()
            throw NodeError(error, while: "starting the network")
        }
    }

    /// Saves what the node knows now and then; returns when cancelled.
    public func keepSaving() async {
        while !Task.isCancelled {
            // Woken early it is cancelled, and saves for the last time.
            try? await Task.sleep(for: Limits.memoryInterval)
            await save()
        }
    }

    /// How it is doing.
    public func status() async -> EntryNode.Status? { await node.status() }

    /// Ends in good order.
    public func close() async {
        await save()
        await node.stop()
        try? await group.shutdownGracefully()
    }

    private func save() async {
        let memory = await node.memory()
        do {
            try DurableFile.replace(file, with: [UInt8](JSONEncoder().encode(memory)))
        } catch {
            logger.warning("remembering nodes: \(error)")
        }
    }

    /// A file that is missing or damaged costs the node its place, nothing else.
    private static func load(_ path: String) -> EntryNode.Memory {
        guard let handle = FileHandle(forReadingAtPath: path),
            let data = try? handle.read(upToCount: Limits.memoryBytesMax),
            let memory = try? JSONDecoder().decode(EntryNode.Memory.self, from: data)
        else { return EntryNode.Memory() }
        return memory
    }
}
