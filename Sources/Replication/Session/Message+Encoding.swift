import Foundation
import SwiftProtobuf
import WireMessages

extension Message {
    var type: MessageType {
        switch self {
        case .options: .options
        case .status: .status
        case .have: .have
        case .unhave: .unhave
        case .want: .want
        case .unwant: .unwant
        case .request: .request
        case .cancel: .cancel
        case .data: .data
        }
    }

    /// The message as generated code has it. Fields are set, and so written, whenever the message
    /// has them, even if they equal the default: as the reference does (section 4).
    var wire: any SwiftProtobuf.Message {
        switch self {
        case .options(let extensions, let ack): return wireOptions(extensions, ack)
        case .status(let uploading, let downloading):
            var wire = Wire_Status()
            wire.uploading = uploading
            wire.downloading = downloading
            return wire
        case .have(let start, let length, let bitfield, let ack):
            return wireHave(start, length, bitfield, ack)
        case .unhave(let start, let length):
            var wire = Wire_Unhave()
            wire.start = start
            if let length { wire.length = length }
            return wire
        case .want(let start, let length), .unwant(let start, let length):
            // Unwant has the same fields under the same numbers.
            var wire = Wire_Want()
            wire.start = start
            wire.length = length
            return wire
        case .request(let index, let bytes, let hash, let nodes):
            var wire = Wire_Request()
            wire.index = index
            wire.bytes = bytes
            wire.hash = hash
            wire.nodes = nodes
            return wire
        case .cancel(let index, let bytes, let hash):
            var wire = Wire_Cancel()
            wire.index = index
            wire.bytes = bytes
            wire.hash = hash
            return wire
        case .data(let index, let value, let nodes, let signature):
            return wireData(index, value, nodes, signature)
        }
    }

    private func wireOptions(_ extensions: [String], _ ack: Bool?) -> Wire_Options {
        var wire = Wire_Options()
        wire.extensions = extensions
        if let ack { wire.ack = ack }
        return wire
    }

    private func wireHave(
        _ start: UInt64, _ length: UInt64?, _ bitfield: [UInt8]?, _ ack: Bool?
    ) -> Wire_Have {
        var wire = Wire_Have()
        wire.start = start
        if let length { wire.length = length }
        if let bitfield { wire.bitfield = Data(bitfield) }
        if let ack { wire.ack = ack }
        return wire
    }

    private func wireData(
        _ index: UInt64, _ value: [UInt8]?, _ nodes: [WireNode], _ signature: [UInt8]?
    ) -> Wire_Data {
        var wire = Wire_Data()
        wire.index = index
        if let value { wire.value = Data(value) }
        wire.nodes = nodes.map { node in
            var wire = Wire_Data.Node()
            wire.index = node.index
            wire.hash = Data(node.hash.bytes)
            wire.size = node.size
            return wire
        }
        if let signature { wire.signature = Data(signature) }
        return wire
    }
}
