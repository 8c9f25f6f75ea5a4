import Foundation

/// `bench read random|sequential FILE COUNT SIZE [direct]`: prints reads per second and the median
/// of one read in microseconds, from a process of its own.
enum Reader {
    static func run(_ arguments: [String]) {
        // 0o40000 is O_DIRECT, which Swift does not see.
        let flags = arguments.contains("direct") ? O_RDONLY | 0o40000 : O_RDONLY
        guard arguments.count >= 5, let count = Int(arguments[3]), let size = Int(arguments[4])
        else { exit(64) }
        let descriptor = open(arguments[2], flags)
        guard descriptor >= 0 else {
            perror("bench read")
            exit(1)
        }
        var information = stat()
        fstat(descriptor, &information)
        let slots = max(1, Int(information.st_size) / size)
        let buffer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 4096)
        var state: UInt64 = UInt64(arguments.count > 5 ? 88_172_645 : 2_463_534)
        var times: [UInt64] = []
        times.reserveCapacity(count)
        let start = DispatchTime.now().uptimeNanoseconds
        for i in 0..<count {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let slot = arguments[1] == "random" ? Int((state >> 33) % UInt64(slots)) : i % slots
            let before = DispatchTime.now().uptimeNanoseconds
            guard pread(descriptor, buffer, size, off_t(slot * size)) > 0 else {
                perror("bench read")
                exit(1)
            }
            times.append(DispatchTime.now().uptimeNanoseconds - before)
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        times.sort()
        print("\(Double(count) / seconds) \(Double(times[count / 2]) / 1000)")
    }
}

extension Lab {
    /// Reads per second and median microseconds of a read by a process of its own.
    func reads(
        _ order: String, _ file: String, count: Int, size: Int, direct: Bool
    ) throws -> (perSecond: Double, medianMicroseconds: Double) {
        let me = CommandLine.arguments[0]
        let words = try shell(
            "'\(me)' read \(order) '\(file)' \(count) \(size) \(direct ? "direct" : "")"
        ).split(separator: " ").compactMap { Double($0) }
        guard words.count == 2 else { throw LabError("the reader said nothing") }
        return (words[0], words[1])
    }
}
