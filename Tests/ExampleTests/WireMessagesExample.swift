import Foundation
import SwiftProtobuf
import Testing
import WireMessages

@Suite(.timeLimit(.minutes(1)))
struct WireMessagesExample {
    @Test func runs() throws {
        // -- the example
        var open = Wire_Open()
        open.discoveryKey = Data(repeating: 7, count: 32)
        let bytes: [UInt8] = try open.serializedBytes()
        let again = try Wire_Open(serializedBytes: bytes)
        print(again.discoveryKey.count, again.hasCapability)  // 32 false
        // -- its end
    }
}
