import Foundation

/// `bench metadata create|stat|unlink FOLDER COUNT`: prints operations per second, from a process
/// of its own.
enum Metadata {
    static func run(_ arguments: [String]) {
        guard arguments.count >= 4, let count = Int(arguments[3]) else { exit(64) }
        let (operation, folder) = (arguments[1], arguments[2])
        var status = stat()
        let start = DispatchTime.now().uptimeNanoseconds
        for number in 0..<count {
            let path = "\(folder)/f\(number)"
            var result: Int32
            switch operation {
            case "create":
                result = open(path, O_WRONLY | O_CREAT | O_EXCL, 0o644)
                if result >= 0 { result = close(result) }
            case "stat": result = stat(path, &status)
            case "unlink": result = unlink(path)
            default: exit(64)
            }
            guard result == 0 else {
                perror("bench metadata \(operation)")
                exit(1)
            }
        }
        let seconds = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
        print(Double(count) / seconds)
    }
}

extension Lab {
    /// Creations, look-ups of what the kernel has forgotten, and removals per second in a folder
    /// that is made for it.
    func metadata(in folder: String, count: Int) throws -> [Double] {
        let me = CommandLine.arguments[0]
        try shell("mkdir '\(folder)'")
        var rates: [Double] = []
        for operation in ["create", "stat", "unlink"] {
            if operation == "stat" { coldCaches() }
            let said = try shell("'\(me)' metadata \(operation) '\(folder)' \(count)")
            guard let rate = Double(said) else { throw LabError("metadata said \(said)") }
            rates.append(rate)
        }
        try shell("rmdir '\(folder)'; sync")
        return rates
    }
}
