import Glibc
import NIOCore

/// A bound UDP socket of one family, and its sending half. Reading is left to SwiftNIO. Sending is
/// not: there one address without a route to it closes the socket for all others.
final class UDPSocket {
    let bound: Endpoint
    /// Read by SwiftNIO, which closes it.
    private let descriptor: CInt
    /// The same socket under a number of our own, so that we never write to a reused number.
    private let sending: CInt
    /// Whether the kernel cuts bursts into datagrams.
    private var cuts = System.supportsUDPSegmentationOffload

    enum Outcome {
        /// On its way, or hopeless: UDP may lose what it likes.
        case done
        /// The kernel's buffer is full.
        case full
    }

    /// Binds; port 0 takes any free one. Throws `IOError`.
    init(_ endpoint: Endpoint) throws {
        let kind = Int32(SOCK_DGRAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        let nonBlocking = Int32(SOCK_NONBLOCK.rawValue)
        let descriptor = socket(endpoint.ip.family, kind | nonBlocking, 0)
        guard descriptor >= 0 else { throw IOError(errnoCode: errno, reason: "socket") }
        do {
            if endpoint.ip.family == AF_INET6 {
                try Self.set(descriptor, Int32(IPPROTO_IPV6), IPV6_V6ONLY, 1)
            }
            // The kernel takes what it allows.
            try Self.set(descriptor, SOL_SOCKET, SO_RCVBUF, Limits.UTP.receiveBufferBytes)
            try Self.set(descriptor, SOL_SOCKET, SO_SNDBUF, Limits.UTP.sendBufferBytes)
            let result = endpoint.withSocketAddress { Glibc.bind(descriptor, $0, $1) }
            guard result == 0 else { throw IOError(errnoCode: errno, reason: "bind") }
            bound = try Self.name(of: descriptor)
            sending = dup(descriptor)
            guard sending >= 0 else { throw IOError(errnoCode: errno, reason: "dup") }
            self.descriptor = descriptor
        } catch {
            Glibc.close(descriptor)
            throw error
        }
    }

    deinit { Glibc.close(sending) }

    /// The descriptor, which the caller then owns.
    func takeReadingEnd() -> CInt { descriptor }

    private static func set(_ descriptor: CInt, _ level: CInt, _ name: CInt, _ value: Int32) throws
    {
        var value = value
        let size = socklen_t(MemoryLayout<Int32>.size)
        guard setsockopt(descriptor, level, name, &value, size) == 0 else {
            throw IOError(errnoCode: errno, reason: "setsockopt")
        }
    }

    private static func name(of descriptor: CInt) throws -> Endpoint {
        var storage = sockaddr_storage()
        var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
        let endpoint = withUnsafeMutableBytes(of: &storage) { bytes -> Endpoint? in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            guard let address, getsockname(descriptor, address, &length) == 0 else { return nil }
            return Endpoint(UnsafeRawBufferPointer(bytes))
        }
        guard let endpoint else { throw IOError(errnoCode: errno, reason: "getsockname") }
        return endpoint
    }
}

// MARK: - Sending

extension UDPSocket {
    /// Sends one datagram.
    func send(_ bytes: UnsafeRawBufferPointer, to remote: Endpoint) -> Outcome {
        let code = write(bytes, segment: nil, to: remote)
        return code == EAGAIN || code == EWOULDBLOCK || code == ENOBUFS ? .full : .done
    }

    /// Sends datagrams of `segment` bytes each, of which the last may be smaller.
    func send(_ bytes: UnsafeRawBufferPointer, segment: Int, to remote: Endpoint) -> Outcome {
        guard bytes.count > segment else { return send(bytes, to: remote) }
        if cuts {
            let code = write(bytes, segment: UInt16(clamping: segment), to: remote)
            switch code {
            case 0: return .done
            case EAGAIN, EWOULDBLOCK, ENOBUFS: return .full
            // A path whose datagrams are smaller: the kernel breaks single ones into fragments.
            case EMSGSIZE: break
            // An interface that cannot: nor can it later.
            case EINVAL, EIO, EOPNOTSUPP, ENOPROTOOPT: cuts = false
            default: return .done
            }
        }
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + segment)
            let one = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
            if send(one, to: remote) == .full { return start == 0 ? .full : .done }
            start = end
        }
        return .done
    }

    /// 0 or the error's number.
    private func write(
        _ bytes: UnsafeRawBufferPointer, segment: UInt16?, to remote: Endpoint
    ) -> CInt {
        var part = iovec(
            iov_base: UnsafeMutableRawPointer(mutating: bytes.baseAddress), iov_len: bytes.count)
        // Room for one control message: its header of 16 bytes, and two bytes, made eight.
        var control: (UInt64, UInt64, UInt64) = (0, 0, 0)
        return remote.withSocketAddress { address, length in
            withUnsafeMutablePointer(to: &part) { part in
                withUnsafeMutableBytes(of: &control) { control in
                    var message = msghdr()
                    message.msg_name = UnsafeMutableRawPointer(mutating: address)
                    message.msg_namelen = length
                    message.msg_iov = part
                    message.msg_iovlen = 1
                    if let segment {
                        Self.ask(control, toCutAt: segment)
                        message.msg_control = control.baseAddress
                        message.msg_controllen = control.count
                    }
                    while sendmsg(sending, &message, CInt(MSG_DONTWAIT | MSG_NOSIGNAL)) < 0 {
                        guard errno == EINTR else { return errno }
                    }
                    return 0
                }
            }
        }
    }

    /// UDP_SEGMENT of linux/udp.h, which is no part of Glibc.
    private static func ask(
        _ control: UnsafeMutableRawBufferPointer, toCutAt segment: UInt16
    ) {
        let header = MemoryLayout<cmsghdr>.size
        control.storeBytes(of: header + MemoryLayout<UInt16>.size, as: Int.self)
        control.storeBytes(of: CInt(IPPROTO_UDP), toByteOffset: 8, as: CInt.self)
        control.storeBytes(of: 103, toByteOffset: 12, as: CInt.self)
        control.storeBytes(of: segment, toByteOffset: header, as: UInt16.self)
    }
}
