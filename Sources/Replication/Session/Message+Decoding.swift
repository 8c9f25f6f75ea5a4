import Foundation
import SwiftProtobuf
import WireMessages

extension Message {
    /// Reads the body of a frame of types 1 to 9.
    static func decode(
        _ type: MessageType, _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        switch type {
        case .options: try decodeOptions(body)
        case .status: try decodeStatus(body)
        case .have: try decodeHave(body)
        case .unhave: try decodeUnhave(body)
        case .want, .unwant: try decodeWant(type, body)
        case .request, .cancel: try decodeRequest(type, body)
        case .data: try DataBody.decode(body)
        case .open, .close, .extension: throw .message("type \(type) is not about a feed")
        }
    }

    private static func decodeOptions(
        _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        let wire = try Wire_Options(strict: body, [.bytes, .flag])
        return .options(
            extensions: try ExtensionList.checked(wire.extensions),
            ack: wire.hasAck ? wire.ack : nil)
    }

    private static func decodeStatus(
        _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        let wire = try Wire_Status(strict: body, [.flag, .flag])
        return .status(uploading: wire.uploading, downloading: wire.downloading)
    }

    private static func decodeHave(
        _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        let wire = try Wire_Have(strict: body, [.number, .number, .bytes, .flag])
        guard wire.bitfield.isEmpty || wire.start % 8 == 0 else {
            throw .message("a bitfield starts at block \(wire.start), which is not a whole byte")
        }
        return .have(
            start: wire.start, length: wire.hasLength ? wire.length : nil,
            bitfield: wire.hasBitfield ? [UInt8](wire.bitfield) : nil,
            ack: wire.hasAck ? wire.ack : nil)
    }

    private static func decodeUnhave(
        _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        let wire = try Wire_Unhave(strict: body, [.number, .number])
        return .unhave(start: wire.start, length: wire.hasLength ? wire.length : nil)
    }

    private static func decodeWant(
        _ type: MessageType, _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        let wire = try Wire_Want(strict: body, [.number, .number])
        return type == .want
            ? .want(start: wire.start, length: wire.length)
            : .unwant(start: wire.start, length: wire.length)
    }

    private static func decodeRequest(
        _ type: MessageType, _ body: UnsafeRawBufferPointer
    ) throws(SessionError) -> Message {
        if type == .cancel {
            let wire = try Wire_Cancel(strict: body, [.number, .number, .flag])
            return .cancel(index: wire.index, bytes: wire.bytes, hash: wire.hash)
        }
        let wire = try Wire_Request(strict: body, [.number, .number, .flag, .number])
        return .request(index: wire.index, bytes: wire.bytes, hash: wire.hash, nodes: wire.nodes)
    }
}

extension SwiftProtobuf.Message {
    /// Decodes after a walk over the fields that finds what the generated decoder lets pass.
    init(
        strict body: UnsafeRawBufferPointer, _ kinds: [FieldReader.Kind]
    ) throws(SessionError) {
        try FieldReader.check(body, kinds)
        do {
            try self.init(serializedBytes: [UInt8](body))
        } catch {
            throw .message("a message does not decode: \(error)")
        }
    }
}
