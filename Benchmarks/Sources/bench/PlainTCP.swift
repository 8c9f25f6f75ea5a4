import Foundation
import Glibc

/// `bench tcp-send PORT BYTES` serves one connection; `bench tcp-receive HOST PORT` prints bytes
/// per second. `bench tcp-answer PORT BYTES` answers each byte with so many; `bench tcp-ask HOST
/// PORT BYTES COUNT` prints the median seconds of an answer. What the link itself can do.
enum PlainTCP {
    static func run(_ arguments: [String]) {
        switch arguments[0] {
        case "tcp-send": send(arguments)
        case "tcp-receive": receive(arguments)
        case "tcp-answer": answer(arguments)
        default: ask(arguments)
        }
    }

    private static func address(_ host: String, _ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        inet_pton(AF_INET, host, &address.sin_addr)
        return address
    }

    private static func send(_ arguments: [String]) {
        guard arguments.count == 3, let port = UInt16(arguments[1]), var left = Int(arguments[2])
        else { exit(64) }
        let stream = accept(port)
        let block = [UInt8](repeating: 7, count: 1 << 18)
        while left > 0 {
            let sent = write(stream, block, min(left, block.count))
            if sent <= 0 { break }
            left -= sent
        }
        close(stream)
    }

    private static func answer(_ arguments: [String]) {
        guard arguments.count == 3, let port = UInt16(arguments[1]), let bytes = Int(arguments[2])
        else { exit(64) }
        let stream = accept(port)
        let block = [UInt8](repeating: 7, count: bytes)
        var question: UInt8 = 0
        while read(stream, &question, 1) == 1 {
            var sent = 0
            while sent < bytes {
                let count = block.withUnsafeBytes {
                    write(stream, $0.baseAddress?.advanced(by: sent), bytes - sent)
                }
                if count <= 0 { return }
                sent += count
            }
        }
    }

    private static func ask(_ arguments: [String]) {
        guard arguments.count == 5, let port = UInt16(arguments[2]), let bytes = Int(arguments[3]),
            let count = Int(arguments[4])
        else { exit(64) }
        let stream = connect(arguments[1], port)
        var block = [UInt8](repeating: 0, count: bytes)
        var times: [Double] = []
        for _ in 0..<count {
            let start = DispatchTime.now().uptimeNanoseconds
            var question: UInt8 = 1
            guard write(stream, &question, 1) == 1 else { exit(1) }
            var got = 0
            while got < bytes {
                let part = read(stream, &block, bytes - got)
                if part <= 0 { exit(1) }
                got += part
            }
            times.append(Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9)
        }
        print(times.sorted()[count / 2])
    }

    /// The first connection to a port.
    private static func accept(_ port: UInt16) -> Int32 {
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var yes: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var own = address("0.0.0.0", port)
        withUnsafePointer(to: &own) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                _ = bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        listen(listener, 1)
        print("{\"event\":\"listening\"}")
        fflush(nil)
        return Glibc.accept(listener, nil, nil)
    }

    private static func connect(_ host: String, _ port: UInt16) -> Int32 {
        let stream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var peer = address(host, port)
        let status = withUnsafePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(stream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { exit(1) }
        return stream
    }

    private static func receive(_ arguments: [String]) {
        guard arguments.count == 3, let port = UInt16(arguments[2]) else { exit(64) }
        let start = DispatchTime.now().uptimeNanoseconds
        let stream = connect(arguments[1], port)
        var block = [UInt8](repeating: 0, count: 1 << 20)
        var bytes = 0
        while true {
            let got = read(stream, &block, block.count)
            if got <= 0 { break }
            bytes += got
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        print(Double(bytes) / seconds)
    }
}
