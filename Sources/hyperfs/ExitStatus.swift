import Node

/// The exit codes of CLI.md section 5.
enum ExitStatus {
    static func code(of error: NodeError.Code) -> Int32 {
        switch error {
        case .failed, .ending: 1
        case .notFound: 2
        case .notMounted: 3
        case .mountpointUnusable: 4
        case .fuseUnavailable: 5
        case .storeLocked: 6
        case .corrupt: 7
        case .notWritable: 8
        case .network: 9
        case .usage: 64
        }
    }
}
