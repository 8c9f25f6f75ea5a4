import Hyperswarm
import Logging

/// What of the network is said in the log.
extension Engine {
    static func log(_ event: PeerTable.Event, to logger: Logger) {
        switch event {
        case .connected(let peer, let transport):
            logger.info("peer \(peer) connected by \(transport)")
        case .lost(let peer, nil): logger.info("peer \(peer) left")
        case .lost(let peer, let error?): logger.warning("peer \(peer) lost: \(error)")
        case .discovered(let peer, let origin):
            logger.debug("peer \(peer) found (\(origin.rawValue))")
        case .mapped(let mappings):
            let ports = mappings.map(\.description).joined(separator: ", ")
            logger.info("the router leads to us: \(ports.isEmpty ? "nothing" : ports)")
        case .unreachable(_, let error): logger.warning("\(error.message); \(error.hint)")
        }
    }
}
