import Hyperdrive
import Node

/// A command that looks at a drive and ends by itself.
protocol ReadingCommand: Sendable {
    var common: CommonOptions { get }
    var network: NetworkOptions { get }
}

extension ReadingCommand {
    /// Runs with a reader on the drive. A signal stops it in good order and gives 130 or 143.
    func reading(
        _ reference: DriveReference,
        _ work: @escaping @Sendable (DriveReader, Console) async throws -> Void
    ) async throws {
        let console = common.console()
        let access = NodeAccess(common: common, network: network, console: console)
        let reader = DriveReader(reference, try network.configuration(common)) {
            try await access.node()
        }
        let task = Task { [common] in
            try await NodeLogView.during(common) { try await work(reader, console) }
        }
        let interruption = Interruption { task.cancel() }
        let result = await task.result
        await reader.close()
        if interruption.signalNumber != nil { throw interruption }
        try result.get()
    }

    /// The entry of a path, which must be there.
    func entry(_ reference: DriveReference, _ reader: DriveReader) async throws -> Entry {
        let path = reference.path
        let entry = try await reader.read { try $0.entry(path) }
        guard let entry else {
            throw NodeError(
                .notFound, "\(reference.path) is not in the drive \(reference)",
                hint: "'hyperfs ls' shows what is there")
        }
        return entry
    }
}
