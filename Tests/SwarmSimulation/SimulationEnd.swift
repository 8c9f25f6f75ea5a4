import Hypercore

/// One end of a connection.
package final class SimulationEnd {
    package let host: any SimulationHost
    package var peer: PeerID?
    package internal(set) var isOpen = true
    var wire: (any SimulationWire)?
    let isFirst: Bool

    init(host: any SimulationHost, isFirst: Bool) {
        self.host = host
        self.isFirst = isFirst
    }

    package func send(_ bytes: [UInt8]) { wire?.send(bytes, from: self) }
    package func close() { wire?.close(by: self) }
}

/// Who has connections: a node, or a script that plays one.
package protocol SimulationHost: AnyObject {
    func connected(_ end: SimulationEnd, initiator: Bool)
    func received(_ bytes: [UInt8], on end: SimulationEnd)
    func disconnected(_ end: SimulationEnd)
    func writable(_ isWritable: Bool, on end: SimulationEnd)
    /// The simulation is over: ends and hosts must not hold each other.
    func forgetConnections()
}

extension SimulationHost {
    package func forgetConnections() {}
}

/// What lies between two ends: a byte stream both ways.
protocol SimulationWire: AnyObject {
    func send(_ bytes: [UInt8], from end: SimulationEnd)
    func close(by end: SimulationEnd)
}
