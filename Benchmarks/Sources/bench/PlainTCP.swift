import Foundation

/// `bench tcp-send PORT BYTES` serves one connection; `bench tcp-receive HOST PORT` prints bytes
/// per second. One plain TCP stream: what the link itself can do.
enum PlainTCP {
    static func run(_ arguments: [String]) {
        arguments[0] == "tcp-send" ? send(arguments) : receive(arguments)
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
        let stream = accept(listener, nil, nil)
        let block = [UInt8](repeating: 7, count: 1 << 18)
        while left > 0 {
            let sent = write(stream, block, min(left, block.count))
            if sent <= 0 { break }
            left -= sent
        }
        close(stream)
    }

    private static func receive(_ arguments: [String]) {
        guard arguments.count == 3, let port = UInt16(arguments[2]) else { exit(64) }
        let stream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var peer = address(arguments[1], port)
        let start = DispatchTime.now().uptimeNanoseconds
        let status = withUnsafePointer(to: &peer) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(stream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else { exit(1) }
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
