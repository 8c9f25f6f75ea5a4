import Foundation

/// System calls that Glibc's module leaves out.
enum Calls {
    /// O_DIRECT
    static let direct: Int32 = 0o40000

    static func symbol<T>(_ name: String, as type: T.Type) -> T {
        unsafeBitCast(dlsym(nil, name), to: type)
    }

    static func fallocate(_ file: Int32, _ mode: Int32, _ offset: Int, _ count: Int) -> Int32 {
        typealias Call = @convention(c) (Int32, Int32, off_t, off_t) -> Int32
        return symbol("fallocate", as: Call.self)(file, mode, offset, count)
    }

    static func rename(_ old: String, _ new: String, _ flags: UInt32) -> Int32 {
        typealias Call =
            @convention(c) (
                Int32, UnsafePointer<CChar>, Int32, UnsafePointer<CChar>, UInt32
            ) -> Int32
        return symbol("renameat2", as: Call.self)(AT_FDCWD, old, AT_FDCWD, new, flags)
    }

    static func copyRange(
        _ source: Int32, _ from: Int, _ target: Int32, _ to: Int, _ count: Int
    ) -> Int {
        typealias Call =
            @convention(c) (
                Int32, UnsafeMutablePointer<off_t>, Int32, UnsafeMutablePointer<off_t>, Int, UInt32
            ) -> Int
        var (from, to) = (from, to)
        return symbol("copy_file_range", as: Call.self)(source, &from, target, &to, count, 0)
    }

    static func setAttribute(
        _ path: String, _ name: String, _ value: [UInt8], _ flags: Int32
    ) -> Int32 {
        typealias Call =
            @convention(c) (
                UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafePointer<UInt8>, Int, Int32
            ) -> Int32
        return symbol("setxattr", as: Call.self)(path, name, value, value.count, flags)
    }

    static func attribute(_ path: String, _ name: String) -> [UInt8]? {
        typealias Call =
            @convention(c) (
                UnsafePointer<CChar>, UnsafePointer<CChar>, UnsafeMutablePointer<UInt8>, Int
            ) -> Int
        var value = [UInt8](repeating: 0, count: 65536)
        let count = symbol("getxattr", as: Call.self)(path, name, &value, value.count)
        return count < 0 ? nil : Array(value[..<count])
    }

    static func removeAttribute(_ path: String, _ name: String) -> Int32 {
        typealias Call = @convention(c) (UnsafePointer<CChar>, UnsafePointer<CChar>) -> Int32
        return symbol("removexattr", as: Call.self)(path, name)
    }

    static func attributeNames(_ path: String) -> [String] {
        typealias Call =
            @convention(c) (
                UnsafePointer<CChar>, UnsafeMutablePointer<UInt8>, Int
            ) -> Int
        var names = [UInt8](repeating: 0, count: 65536)
        let count = symbol("listxattr", as: Call.self)(path, &names, names.count)
        guard count > 0 else { return [] }
        return names[..<count].split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            .sorted()
    }
}
