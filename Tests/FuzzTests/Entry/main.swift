import CFuzzer
import Foundation

// `fuzz --list`, `fuzz --seeds TARGET FOLDER`, or `FUZZ_TARGET=name fuzz ...` with the arguments of
// libFuzzer. Built by `make fuzz` only.

func complain(_ message: String) -> Never {
    FileHandle.standardError.write(Data((message + "\n").utf8))
    exit(64)
}

let words = CommandLine.arguments
if words.count > 1, words[1] == "--list" {
    for target in FuzzTarget.all { print(target.name) }
    exit(0)
}
if words.count > 3, words[1] == "--seeds" {
    guard let target = FuzzTarget.named(words[2]) else { complain("no target \(words[2])") }
    for (number, seed) in try target.seeds().enumerated() {
        try Data(seed).write(to: URL(fileURLWithPath: "\(words[3])/seed-\(number)"))
    }
    exit(0)
}

let wanted = ProcessInfo.processInfo.environment["FUZZ_TARGET"] ?? ""
guard let chosen = FuzzTarget.named(wanted) else { complain("no target '\(wanted)'; see --list") }
/// Read by the callback, which cannot capture.
let target = chosen
var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(
    LLVMFuzzerRunDriver(&count, &arguments) { start, size in
        target.run(UnsafeRawBufferPointer(start: start, count: size))
        return 0
    })

/// libFuzzer's own main, which is linked but not run, wants one.
@_cdecl("LLVMFuzzerTestOneInput")
public func unusedEntry(_ start: UnsafePointer<UInt8>?, _ size: Int) -> Int32 { 0 }
