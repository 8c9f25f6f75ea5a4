import Node

/// `--foreground`: the command is the node itself.
enum ForegroundNode {
    /// The node of the store in this process, kept until `leave`; nil: another process is it.
    static func start(_ access: NodeAccess) async throws -> StoreNode? {
        let configuration = StoreNode.Configuration(try access.network.configuration(access.common))
        let attempts = StoreAttempts()
        while true {
            // One that has nothing to do makes room.
            if try await access.busyNode() != nil { return nil }
            do {
                let node = try await StoreNode.start(configuration)
                node.notes.forEach { access.console.note("hyperfs: \(Printable.text($0))") }
                node.enter()
                return node
            } catch let error as NodeError where error.code == .storeLocked {
                try await attempts.again(after: error)
            }
        }
    }

    /// Becomes the program that is to take the place of a node that has ended, if one is.
    static func giveWay(_ node: StoreNode, _ interruption: Interruption) throws {
        guard let program = node.successor, interruption.signalNumber == nil else { return }
        throw Successor.become(program)
    }
}
