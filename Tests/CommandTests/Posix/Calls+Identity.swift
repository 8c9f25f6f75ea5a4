import Foundation

extension Calls {
    static func unshare(_ flags: Int32) -> Int32 {
        typealias Call = @convention(c) (Int32) -> Int32
        return symbol("unshare", as: Call.self)(flags)
    }

    /// Of this thread alone: the system calls themselves, not Glibc's.
    static func setCredentials(uid: Int, groups: [Int]) -> Bool {
        #if arch(arm64)
            let (setGroups, setGroup, setUser) = (159, 149, 147)
        #else
            let (setGroups, setGroup, setUser) = (116, 119, 117)
        #endif
        let list = groups.map { gid_t($0) }
        let first = groups.first ?? 0
        let isGrouped = list.withUnsafeBufferPointer {
            system(setGroups, $0.count, Int(bitPattern: $0.baseAddress), 0)
        }
        return isGrouped == 0 && system(setGroup, first, first, first) == 0
            && system(setUser, uid, uid, uid) == 0
    }

    /// `syscall`, which is variadic and so not seen by Swift; numbers go the same way.
    private static func system(_ number: Int, _ a: Int, _ b: Int, _ c: Int) -> Int {
        typealias Call = @convention(c) (Int, Int, Int, Int) -> Int
        return symbol("syscall", as: Call.self)(number, a, b, c)
    }

    /// "ENOENT" for 2.
    static func name(ofError number: Int32) -> String {
        typealias Call = @convention(c) (Int32) -> UnsafePointer<CChar>?
        return symbol("strerrorname_np", as: Call.self)(number).map { String(cString: $0) }
            ?? "\(number)"
    }

    /// By the thread's own identity, as `test -r` does.
    static func access(_ path: String, _ mask: Int32) -> Int32 {
        // AT_EACCESS
        faccessat(AT_FDCWD, path, mask, 0x200)
    }
}
